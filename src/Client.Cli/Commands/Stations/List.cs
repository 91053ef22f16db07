using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Stations;

/// <summary>`stations list`.</summary>
internal static class List
{
    private static readonly Option<int> Limit = Pages.Limit();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("list", "Lists the stations.") { Limit }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var (stations, rest) = await Pages.ReadAsync<Station>(session.Parse.GetValue(Limit), async (size, token) =>
        {
            var page = await session.Stations.ListStationsAsync(new ListStationsRequest { PageSize = size, PageToken = token }, cancellationToken: cancel);
            return (page.Stations, page.NextPageToken);
        });
        session.Write(new ListStationsResponse { Stations = { stations }, NextPageToken = rest }, console =>
        {
            var table = Format.Columns("station", "name", "piles", "online", "plugs free", "tariff", "position (WGS-84)");
            foreach (var station in stations)
            {
                table.Row(
                    station.StationId,
                    station.Name,
                    Format.Number(station.DeviceNos.Count),
                    Format.Number(station.PilesOnline),
                    Format.Number(station.PlugsFree),
                    Format.OrNone(station.Tariff),
                    Places.Write(station.Position));
            }
            console.Write(table);
            console.Line(Pages.Foot(stations.Count, rest, "stations"));
        });
        return 0;
    }
}
