using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;

namespace Charging.Server.Operations;

/// <summary>
/// Compares a restored store with the one that the restore has set aside. What was taken away after the backup for good is taken
/// away again: operator keys that were revoked, sign-ins that were ended, riders who were blocked. Safe to repeat.
/// </summary>
public sealed partial class RestoreComparison(IStore store, PileRegistry registry, ServerOptions options, ILogger<RestoreComparison> logger)
{
    private const int Slice = 200;

    /// <summary>The restore with what was found; as it is when there is no store to compare with.</summary>
    public async Task<Restore> CompareAsync(Restore restore, CancellationToken cancellationToken)
    {
        var serverKeys = await store.RunAsync(tx => tx.ListAsync(AccountTables.ServerKeys.ByKey, KeyRange.Prefix(""), Slice), cancellationToken);
        if (ReadSetAside(serverKeys) is not { } aside)
            return restore;
        var keys = await store.RunAsync(tx => RevokeAsync(tx, aside.RevokedKeys), cancellationToken);
        var riders = new List<long>();
        foreach (var blocked in aside.BlockedRiders.Chunk(Slice))
            riders.AddRange(await store.RunAsync(tx => BlockAsync(tx, blocked), cancellationToken));
        var ended = await EndSignInsAsync(aside, cancellationToken);
        LogTakenAway(keys.Count, riders.Count, ended);
        return restore with { IsCompared = true, ChangedSecrets = aside.Secrets, RevokedKeys = keys, BlockedRiders = riders };
    }

    private static async ValueTask<IReadOnlyList<string>> RevokeAsync(ITransaction tx, IReadOnlyList<OperatorKey> revoked)
    {
        var ids = new List<string>();
        foreach (var aside in revoked)
        {
            if (await tx.GetAsync(OperatorKeys.Table, aside.Id) is not { RevokedAt: null } key || key.Hash != aside.Hash)
                continue;
            tx.Put(OperatorKeys.Table, key with { RevokedAt = aside.RevokedAt });
            ids.Add(key.Id);
        }
        return ids;
    }

    private static async ValueTask<IReadOnlyList<long>> BlockAsync(ITransaction tx, IReadOnlyList<User> blocked)
    {
        var ids = new List<long>();
        foreach (var aside in blocked)
        {
            if (await tx.GetAsync(AccountTables.Users, AccountTables.Key(aside.Id)) is not { Blocked: false } user)
                continue;
            tx.Put(AccountTables.Users, user with { Blocked = true });
            ids.Add(user.Id);
        }
        return ids;
    }

    private async Task<int> EndSignInsAsync(SetAside aside, CancellationToken cancellationToken)
    {
        var ended = new List<string>();
        await foreach (var token in store.ScanAsync(AccountTables.Tokens.ByKey, cancellationToken))
        {
            if (!aside.SignIns.Contains(token.Hash))
                ended.Add(token.Hash);
        }
        foreach (var hashes in ended.Chunk(Slice))
            await store.RunAsync(tx => DeleteAsync(tx, hashes), cancellationToken);
        return ended.Count;
    }

    private static ValueTask<bool> DeleteAsync(ITransaction tx, IReadOnlyList<string> tokens)
    {
        foreach (var hash in tokens)
            tx.Delete(AccountTables.Tokens, hash);
        return ValueTask.FromResult(true);
    }

    private SetAside? ReadSetAside(IReadOnlyList<ServerKey> serverKeys)
    {
        try
        {
            using var aside = store.IsShared ? null : SetAsideStore.Open(options.DataDirectory);
            if (aside is null)
                return null;
            // A new server may have been started there before: it knows nothing of the backup's riders and keys.
            var otherKeys = aside.Read(AccountTables.ServerKeys).ToList();
            if (!serverKeys.All(key => otherKeys.Exists(other => other.Name == key.Name && other.Bytes.AsSpan().SequenceEqual(key.Bytes))))
            {
                LogNotCompared("it is that of another server");
                return null;
            }
            return new SetAside(
                [.. aside.Read(PileTables.Piles).Select(Replaced).OfType<PileSecret>()],
                [.. aside.Read(OperatorKeys.Table).Where(key => key.RevokedAt is not null)],
                [.. aside.Read(AccountTables.Users).Where(user => user.Blocked)],
                [.. aside.Read(AccountTables.Tokens).Select(token => token.Hash)]);
        }
        catch (Exception fault)
        {
            // A store is often restored because the one before is damaged, and then reading it throws anything.
            LogNotCompared(fault.Message);
            return null;
        }
    }

    /// <summary>The secret that a pile has here, if it was replaced in the store that was set aside.</summary>
    private PileSecret? Replaced(Pile aside) =>
        registry.Find(aside.Device) is { } here && here.SecretHash != aside.SecretHash && aside.SecretGeneration >= here.SecretGeneration
            ? new PileSecret(here.Device, here.SecretGeneration)
            : null;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store that was set aside by the restore cannot be compared, so it is not known what was changed after the backup: {Reason}")]
    private partial void LogNotCompared(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What the restore had brought back and the store before had not was taken away again: {Keys} operator keys are revoked, {Riders} riders blocked, {SignIns} sign-ins ended.")]
    private partial void LogTakenAway(int keys, int riders, int signIns);

    /// <summary>What is read of the store that was set aside.</summary>
    /// <param name="Secrets">The piles that have another secret there, with those that they have here.</param>
    /// <param name="RevokedKeys">Operator keys that are revoked there.</param>
    /// <param name="BlockedRiders">Riders who are blocked there.</param>
    /// <param name="SignIns">Hashes of all tokens there.</param>
    private sealed record SetAside(
        IReadOnlyList<PileSecret> Secrets, IReadOnlyList<OperatorKey> RevokedKeys, IReadOnlyList<User> BlockedRiders, HashSet<string> SignIns);
}
