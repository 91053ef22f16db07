using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Alarms;

/// <summary>`alarms ack`.</summary>
internal static class Ack
{
    private static readonly Argument<string> Id = new("alarm-id") { Description = "The alarm, such as 014441AC53-02-Smoke." };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("ack", "Says that somebody takes care of an alarm.") { Id, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var request = new AcknowledgeAlarmRequest { AlarmId = session.Parse.GetValue(Id), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Alarms.AcknowledgeAlarmAsync(request, cancellationToken: cancel);
        session.Write(answer, console => console.Line(List.Line(answer.Alarm)));
        return 0;
    }
}
