using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Piles;

/// <summary>`piles resume`.</summary>
internal static class Resume
{
    private static readonly Argument<string> Device = new("device-no") { Description = "Device number, 10 hex digits." };
    private static readonly Option<int> Plug = new("--plug") { Description = "A plug that was paused alone, from 1.", HelpName = "number" };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("resume", "Ends the pause of a pile, or of one of its plugs. An open alarm is ended by 'alarms clear'.") { Device, Plug, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        var request = new ResumePileRequest { DeviceNo = parse.GetValue(Device), Plug = parse.GetValue(Plug), Reason = parse.GetValue(Reason) };
        var answer = await session.Piles.ResumePileAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Pile));
        return 0;
    }
}
