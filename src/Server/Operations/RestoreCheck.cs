using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;

namespace Charging.Server.Operations;

/// <summary>
/// Finds out what a restore has brought back: at the first start after it by comparing the store with the one that the restore
/// has set aside, and then by the secrets that piles send. Warns at each start until an admin has accepted the restore.
/// </summary>
public sealed partial class RestoreCheck(
    IStore store, Restores restores, PileRegistry registry, PileAccess access, ServerOptions options, ILogger<RestoreCheck> logger) : IHostedService
{
    private const int MaxWarnings = 20;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (restores.Pending is not { } pending)
            return;
        if (await store.RunAsync(tx => tx.GetAsync(Restore.Table, Restore.Key), cancellationToken) is not { } known || known.At != pending.At)
            await CompareAsync(pending, cancellationToken);
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

    private async Task CompareAsync(Restore pending, CancellationToken cancellationToken)
    {
        var found = ReadSetAside();
        await store.RunAsync(
            async tx =>
            {
                var revoked = new List<string>();
                foreach (var id in found?.RevokedKeys ?? [])
                {
                    if (await tx.GetAsync(OperatorKeys.Table, id) is { RevokedAt: null })
                        revoked.Add(id);
                }
                tx.Put(Restore.Table, pending with { IsCompared = found is not null, ChangedSecrets = found?.Secrets ?? [], RevokedKeys = revoked });
                return true;
            },
            cancellationToken);
    }

    /// <summary>The piles that had a newer secret in the store that was set aside, and the keys that were revoked there; null when that is not known.</summary>
    private (IReadOnlyList<PileSecret> Secrets, IReadOnlyList<string> RevokedKeys)? ReadSetAside()
    {
        try
        {
            using var aside = store.IsShared ? null : SetAsideStore.Open(options.DataDirectory);
            if (aside is null)
                return null;
            var secrets = aside.Read(PileTables.Piles).Select(Replaced).OfType<PileSecret>();
            var revoked = aside.Read(OperatorKeys.Table).Where(key => key.RevokedAt is not null).Select(key => key.Id);
            return ([.. secrets], [.. revoked]);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    private partial void LogPending(string warning);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store that was set aside by the restore cannot be read, so it is not known which secrets and keys were changed after the backup: {Reason}")]
    private partial void LogNotCompared(string reason);
}
