using System.CommandLine;
using Charging.Ops.V1;
using Spectre.Console;

namespace Charging.Client.Cli.Commands.Stations;

/// <summary>`stations show`.</summary>
internal static class Show
{
    private static readonly Argument<string> Id = new("station-id") { Description = "What the station is known by: lower-case letters, digits and dashes." };

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("show", "Shows a station and its piles.") { Id }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var answer = await session.Stations.GetStationAsync(new GetStationRequest { StationId = session.Parse.GetValue(Id) }, cancellationToken: cancel);
        session.Write(answer, console => Write(console, answer.Station));
        return 0;
    }

    /// <summary>Writes a station.</summary>
    public static void Write(IAnsiConsole console, Station station) => console.Fields(
        ("station", station.StationId),
        ("name", station.Name),
        ("address", Format.OrNone(station.Address)),
        ("position (WGS-84)", Places.Write(station.Position)),
        ("tariff", Format.OrNone(station.Tariff)),
        ("made", Format.Time(station.CreatedAt)),
        ("piles", Format.OrNone(string.Join(", ", station.DeviceNos))),
        ("piles online", Format.Number(station.PilesOnline)),
        ("plugs free", Format.Number(station.PlugsFree)),
        ("paused", Format.Why(station.Pause)));
}
