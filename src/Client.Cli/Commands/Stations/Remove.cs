using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Stations;

/// <summary>`stations remove`.</summary>
internal static class Remove
{
    private static readonly Argument<string> Id = new("station-id") { Description = "What the station is known by: lower-case letters, digits and dashes." };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("remove", "Removes a station that has no piles.") { Id, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var id = session.Parse.GetValue(Id);
        Confirm.Ask(session, $"Remove station {id}?");
        var answer = await session.Stations.RemoveStationAsync(new RemoveStationRequest { StationId = id, Reason = session.Parse.GetValue(Reason) }, cancellationToken: cancel);
        session.Write(answer, console => console.Line($"{id} is removed."));
        return 0;
    }
}
