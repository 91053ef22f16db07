using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Piles;

/// <summary>`piles tell`.</summary>
internal static class Tell
{
    private static readonly Argument<string> Device = new("device-no") { Description = "Device number, 10 hex digits." };
    private static readonly Argument<PileCommand> Verb = new Argument<PileCommand>("command") { Description = "What it is told." }.ByName();
    private static readonly Option<int> Plug = new("--plug") { Description = "The plug to stop, from 1.", HelpName = "number" };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("tell", "Sends a command to a pile and waits for its answer.") { Device, Verb, Plug, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        var command = parse.GetValue(Verb);
        if (command == PileCommand.Reboot)
            Confirm.Ask(session, $"Reboot pile {parse.GetValue(Device)}, and cut off what it charges?");
        var request = new SendPileCommandRequest { DeviceNo = parse.GetValue(Device), Command = command, Plug = parse.GetValue(Plug), Reason = parse.GetValue(Reason) };
        var answer = await session.Piles.SendPileCommandAsync(request, cancellationToken: cancel);
        session.Write(answer, console => console.Line(Sentence(answer)));
        return answer.Outcome is PileCommandOutcome.Done or PileCommandOutcome.Due ? 0 : 1;
    }

    private static string Sentence(SendPileCommandResponse answer) => answer.Outcome switch
    {
        PileCommandOutcome.Done => "Done.",
        PileCommandOutcome.Rejected => $"The pile refuses: {Format.Name(answer.RejectReason)}.",
        PileCommandOutcome.NoAnswer => "Sent, and not answered in 10 s.",
        PileCommandOutcome.NotConnected => "The pile is not connected, so nothing was sent.",
        _ => "It is told until it confirms it.",
    };
}
