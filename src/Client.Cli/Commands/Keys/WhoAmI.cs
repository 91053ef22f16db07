using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Keys;

/// <summary>`keys whoami`.</summary>
internal static class WhoAmI
{
    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("whoami", "Shows whose key this is and what it opens.").Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var answer = await session.Keys.WhoAmIAsync(new WhoAmIRequest(), cancellationToken: cancel);
        session.Write(answer, console => console.Fields(
            ("key", answer.Key.KeyId), ("for", answer.Key.Name), ("role", Format.Name(answer.Key.Role)), ("made", Format.Time(answer.Key.CreatedAt))));
        return 0;
    }
}
