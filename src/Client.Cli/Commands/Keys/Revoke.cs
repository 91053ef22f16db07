using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Keys;

/// <summary>`keys revoke`.</summary>
internal static class Revoke
{
    private static readonly Argument<string> Id = new("key-id") { Description = "The key, such as k7." };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("revoke", "Revokes an operator key: it opens nothing any more, at once.") { Id, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var id = session.Parse.GetValue(Id);
        Confirm.Ask(session, $"Revoke key {id}?");
        var answer = await session.Keys.RevokeKeyAsync(new RevokeKeyRequest { KeyId = id, Reason = session.Parse.GetValue(Reason) }, cancellationToken: cancel);
        session.Write(answer, console => console.Line($"{answer.Key.KeyId} ({answer.Key.Name}) is revoked."));
        return 0;
    }
}
