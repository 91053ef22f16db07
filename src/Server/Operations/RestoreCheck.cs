using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>
/// Finds out what a restore has brought back: at the first start after it by comparing the store with the one that the restore
/// has set aside, and then by the secrets that piles send. Warns at each start until an admin has accepted the restore.
/// </summary>
public sealed partial class RestoreCheck(
    IStore store, Restores restores, RestoreComparison comparison, PileRegistry registry, PileAccess access, ILogger<RestoreCheck> logger) : IHostedService
{
    private const int MaxWarnings = 20;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (restores.Pending is not { } pending)
            return;
        if (await store.RunAsync(tx => tx.GetAsync(Restore.Table, Restore.Key), cancellationToken) is not { } known || known.At != pending.At)
            await KeepAsync(await comparison.CompareAsync(pending with { NewestAt = await NewestAsync(pending.At, cancellationToken) }, cancellationToken), cancellationToken);
        foreach (var warning in Warnings())
            LogPending(warning);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Registered piles whose secret is known to have been replaced after the backup, and still is the backup's.</summary>
    public IEnumerable<DeviceNo> ChangedPiles => StillValid(restores.Pending?.ChangedSecrets ?? []);

    /// <summary>Other registered piles that were refused since the start because they sent another secret than the backup's.</summary>
    public IEnumerable<DeviceNo> RefusedPiles => restores.Pending is null ? [] : StillValid(access.RefusedSecrets).Except(ChangedPiles);

    /// <summary>What an admin must know and do, in sentences; none when there is nothing to accept.</summary>
    public IEnumerable<string> Warnings()
    {
        if (restores.Pending is not { } pending)
            yield break;
        yield return $"The store was restored from a backup, on {pending.At:yyyy-MM-dd HH:mm} UTC. Until an admin accepts that, the operator keys in it are refused except that of {OperatorKeyFile.Name}, and riders must sign in again: run 'chargectl restore accept'.";
        foreach (var device in ChangedPiles.Take(MaxWarnings))
            yield return $"The secret of pile {device} was replaced after the backup, and the old one is valid again: run 'chargectl piles rotate-secret {device}'.";
        foreach (var device in RefusedPiles.Take(MaxWarnings))
            yield return $"Pile {device} was refused because it has another secret than the backup: if it was replaced after the backup, the old one is valid again. Run 'chargectl piles rotate-secret {device}'.";
    }

    private IEnumerable<DeviceNo> StillValid(IEnumerable<PileSecret> secrets) =>
        secrets.Where(secret => registry.Find(secret.Device)?.SecretGeneration == secret.Generation).Select(secret => secret.Device).Order();

    private async Task<DateTimeOffset?> NewestAsync(DateTimeOffset after, CancellationToken cancellationToken)
    {
        DateTimeOffset? newest = null;
        await foreach (var token in store.ScanAsync(AccountTables.Tokens.ByKey, cancellationToken))
            newest = token.IssuedAt > (newest ?? after) ? token.IssuedAt : newest;
        await foreach (var key in store.ScanAsync(OperatorKeys.Table.ByKey, cancellationToken))
            newest = key.Id != OperatorKeyFile.Id && key.CreatedAt > (newest ?? after) ? key.CreatedAt : newest;
        return newest;
    }

    // Another node that starts may have kept it meanwhile, and an admin accepted it.
    private Task<bool> KeepAsync(Restore restore, CancellationToken cancellationToken) => store.RunAsync(
        async tx =>
        {
            if (await tx.GetAsync(Restore.Table, Restore.Key) is { } known && known.At == restore.At)
                return false;
            tx.Put(Restore.Table, restore);
            return true;
        },
        cancellationToken);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    private partial void LogPending(string warning);
}
