using System.CommandLine;
using Charging.Ops.V1;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Client.Cli.Commands.Stations;

/// <summary>`stations pause`.</summary>
internal static class Pause
{
    private static readonly Argument<string> Id = new("station-id") { Description = "What the station is known by: lower-case letters, digits and dashes." };
    private static readonly Option<Timestamp?> Until = Days.End();
    private static readonly Option<string> Reason = Why.Needed();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("pause", "Keeps all piles of a station from new charges. What charges goes on.") { Id, Until, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        var request = new PauseStationRequest { StationId = parse.GetValue(Id), Until = parse.GetValue(Until), Reason = parse.GetValue(Reason) };
        var answer = await session.Stations.PauseStationAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Station));
        return 0;
    }
}
