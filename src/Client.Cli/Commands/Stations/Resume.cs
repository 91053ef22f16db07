using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Stations;

/// <summary>`stations resume`.</summary>
internal static class Resume
{
    private static readonly Argument<string> Id = new("station-id") { Description = "What the station is known by: lower-case letters, digits and dashes." };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("resume", "Ends the pause of a station. Piles and plugs that were paused themselves stay so.") { Id, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var request = new ResumeStationRequest { StationId = session.Parse.GetValue(Id), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Stations.ResumeStationAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Station));
        return 0;
    }
}
