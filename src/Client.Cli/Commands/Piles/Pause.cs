using System.CommandLine;
using Charging.Ops.V1;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Client.Cli.Commands.Piles;

/// <summary>`piles pause`.</summary>
internal static class Pause
{
    private static readonly Argument<string> Device = new("device-no") { Description = "Device number, 10 hex digits." };
    private static readonly Option<int> Plug = new("--plug") { Description = "One plug alone, from 1.", HelpName = "number" };
    private static readonly Option<Timestamp?> Until = Days.End();
    private static readonly Option<string> Reason = Why.Needed();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("pause", "Keeps a pile, or one of its plugs, from new charges. What charges goes on.") { Device, Plug, Until, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        var request = new PausePileRequest { DeviceNo = parse.GetValue(Device), Plug = parse.GetValue(Plug), Until = parse.GetValue(Until), Reason = parse.GetValue(Reason) };
        var answer = await session.Piles.PausePileAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Pile));
        return 0;
    }
}
