using System.CommandLine;
using Charging.Ops.V1;
using Spectre.Console;

namespace Charging.Client.Cli.Commands;

/// <summary>`restore accept`.</summary>
internal static class AcceptRestore
{
    private static readonly Option<bool> EndSignIns = new("--end-sign-ins") { Description = "The riders' tokens of the backup stay refused: all riders sign in again." };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command(
        "accept", "Shows what a restored server has back from its backup, such as revoked keys and old secrets of piles, and makes the backup's operator keys and riders' tokens valid again.") { EndSignIns, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var pending = (await session.System.GetPendingRestoreAsync(new GetPendingRestoreRequest(), cancellationToken: cancel)).Restore;
        if (!session.Json)
            Show(session.Console, pending);
        Confirm.Ask(session, "Make the operator keys and the riders' tokens of the backup valid again?");
        var request = new AcceptRestoreRequest { Reason = session.Parse.GetValue(Reason), EndSignIns = session.Parse.GetValue(EndSignIns) };
        var answer = await session.System.AcceptRestoreAsync(request, cancellationToken: cancel);
        session.Write(answer, console => console.Line("The restore is accepted."));
        return 0;
    }

    private static void Show(IAnsiConsole console, PendingRestore pending)
    {
        var keys = Format.Columns("key to be valid again", "for", "role", "made");
        foreach (var key in pending.Keys)
            keys.Row(key.KeyId, key.Name, Format.Name(key.Role), Format.Time(key.CreatedAt));
        console.Write(keys);
        console.Fields(
            ("restored", Format.Time(pending.RestoredAt)),
            ("keys that were revoked after the backup, and still are", Names(pending.RevokedKeyIds)),
            ("riders who were blocked after the backup, and still are", Names(pending.BlockedUserIds)),
            ("piles whose old secret is valid again", Names(pending.ChangedDeviceNos)),
            ("piles that were refused with another secret", Names(pending.RefusedDeviceNos)));
        if (!pending.Compared)
            console.Line("The store before the restore could not be compared, so changes after the backup are not known: compare keys, blocked riders and secrets with your own notes, and revoke keys with 'chargectl keys revoke' first. Sign-ins that were ended after the backup are valid again without --end-sign-ins.");
        if (pending.ChangedDeviceNos.Count + pending.RefusedDeviceNos.Count > 0)
            console.Line("Give those piles new secrets with 'chargectl piles rotate-secret'.");
    }

    private static string Names<T>(IReadOnlyCollection<T> all) => all.Count == 0 ? Format.None : string.Join(", ", all);
}
