namespace Charging.Server.Storage;

/// <summary>
/// What a restore must not give back unseen: a backup holds operator keys that were revoked since, and tokens of riders who were
/// blocked since. So none of them is valid until an admin accepts the restore. In memory; it follows the store.
/// </summary>
public sealed class Restores : IStoreObserver
{
    private volatile Restore? _last;

    /// <summary>The restore that no admin has accepted yet; null when there is none.</summary>
    public Restore? Pending => _last is { AcceptedAt: null } restore ? restore : null;

    /// <summary>Whether an operator key is refused.</summary>
    /// <param name="madeAt">When it was made, UTC.</param>
    public bool RefusesKey(DateTimeOffset madeAt) => Pending is { } restore && restore.Holds(madeAt);

    /// <summary>Whether a rider's token is refused.</summary>
    /// <param name="issuedAt">When it was issued, UTC.</param>
    public bool RefusesToken(DateTimeOffset issuedAt) =>
        _last is { } restore && (restore.AcceptedAt is null || restore.EndsSignIns) && restore.Holds(issuedAt);

    /// <inheritdoc/>
    public async Task LoadAsync(IStore store, CancellationToken cancellationToken)
    {
        var known = await store.RunAsync(tx => tx.GetAsync(Restore.Table, Restore.Key), cancellationToken);
        _last = store.RestoredAt is { } at && known?.At != at ? new Restore { At = at } : known;
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            if (ReferenceEquals(change.Table, Restore.Table))
                _last = (Restore?)change.Entity;
        }
    }
}
