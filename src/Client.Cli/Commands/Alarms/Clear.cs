using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Alarms;

/// <summary>`alarms clear`.</summary>
internal static class Clear
{
    private static readonly Argument<string> Id = new("alarm-id") { Description = "The alarm, such as 014441AC53-02-Smoke." };
    private static readonly Option<string> Reason = Why.Needed();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("clear", "Takes an alarm for over that its pile never clears, for example because it was replaced.") { Id, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        Confirm.Ask(session, $"Take alarm {session.Parse.GetValue(Id)} for over?");
        var request = new ClearAlarmRequest { AlarmId = session.Parse.GetValue(Id), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Alarms.ClearAlarmAsync(request, cancellationToken: cancel);
        session.Write(answer, console => console.Line(List.Line(answer.Alarm)));
        return 0;
    }
}
