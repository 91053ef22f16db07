using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Piles;

/// <summary>`piles retire`.</summary>
internal static class Retire
{
    private static readonly Argument<string> Device = new("device-no") { Description = "Device number, 10 hex digits." };
    private static readonly Option<string> Reason = Why.Needed();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("retire", "Takes a pile out of service for good: its charges are ended, and then it is cut off.") { Device, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var device = session.Parse.GetValue(Device);
        Confirm.Ask(session, $"Retire pile {device}, and end what it charges?");
        var request = new RetirePileRequest { DeviceNo = device, Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Piles.RetirePileAsync(request, cancellationToken: cancel);
        session.Write(answer, console => console.Line($"{answer.Pile.DeviceNo} is retired; {answer.Pile.PlugsBusy} of its plugs are still busy."));
        return 0;
    }
}
