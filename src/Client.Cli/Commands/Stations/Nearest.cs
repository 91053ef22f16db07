using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Stations;

/// <summary>`stations nearest`.</summary>
internal static class Nearest
{
    private static readonly Option<double> Latitude = new("--lat") { Description = "Degrees north in WGS-84.", HelpName = "degrees", Required = true };
    private static readonly Option<double> Longitude = new("--lng") { Description = "Degrees east in WGS-84.", HelpName = "degrees", Required = true };
    private static readonly Option<int> Radius = new Option<int>("--radius") { Description = "How far to look, in metres.", HelpName = "metres", DefaultValueFactory = _ => 5_000 }.InRange(1, 100_000);

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("nearest", "Lists the stations around a place, the nearest first.") { Latitude, Longitude, Radius }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        var request = new FindNearestStationsRequest { Latitude = parse.GetValue(Latitude), Longitude = parse.GetValue(Longitude), RadiusM = parse.GetValue(Radius) };
        var answer = await session.Stations.FindNearestStationsAsync(request, cancellationToken: cancel);
        session.Write(answer, console =>
        {
            var table = Format.Columns("station", "name", "metres", "plugs free");
            foreach (var near in answer.Stations)
                table.Row(near.Station.StationId, near.Station.Name, Format.Number(near.DistanceM), Format.Number(near.Station.PlugsFree));
            console.Write(table);
        });
        return 0;
    }
}
