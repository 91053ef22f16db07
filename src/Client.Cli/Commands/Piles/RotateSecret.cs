using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Piles;

/// <summary>`piles rotate-secret`.</summary>
internal static class RotateSecret
{
    private static readonly Argument<string> Device = new("device-no") { Description = "Device number, 10 hex digits." };

    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("rotate-secret", "Gives a pile a new secret and shows it, this once. The old one is dead and the pile is cut off until it has the new one; with an external broker, when that knows (docs/scale.md).") { Device, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        Confirm.Ask(session, $"Give pile {session.Parse.GetValue(Device)} a new secret, and cut it off until it has it?");
        var request = new RotatePileSecretRequest { DeviceNo = session.Parse.GetValue(Device), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Piles.RotatePileSecretAsync(request, cancellationToken: cancel);
        session.Write(answer, console => console.Fields(("new secret (shown this once)", answer.Secret)));
        return 0;
    }
}
