using Charging.MqttBroker;

namespace Charging.Server.Storage;

/// <summary>That the store was restored from a backup, and whether an admin has accepted what that brings back.</summary>
public sealed record Restore
{
    /// <summary>The key of the one row that there may be: that of the last restore.</summary>
    public const string Key = "store";

    /// <summary>As <see cref="IStore.RestoredAt"/>. What was made before comes from the backup.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// When the newest operator key or sign-in of the backup was made, UTC, if that is after <see cref="At"/>: then this machine's
    /// clock was behind.
    /// </summary>
    public DateTimeOffset? NewestAt { get; init; }

    /// <summary>
    /// Whether the store that was there before, which the restore has set aside, could be compared with this one; without
    /// that, what was changed after the backup is not known.
    /// </summary>
    public bool IsCompared { get; init; }

    /// <summary>The piles that had another secret in the store that was set aside.</summary>
    public IReadOnlyList<PileSecret> ChangedSecrets { get; init; } = [];

    /// <summary>The operator keys that were revoked in the store that was set aside, and so are here.</summary>
    public IReadOnlyList<string> RevokedKeys { get; init; } = [];

    /// <summary>The riders who were blocked in the store that was set aside, and so are here.</summary>
    public IReadOnlyList<long> BlockedRiders { get; init; } = [];

    /// <summary>When an admin accepted it, UTC; null before.</summary>
    public DateTimeOffset? AcceptedAt { get; init; }

    /// <summary>Whether riders' tokens of the backup stay refused after that.</summary>
    public bool EndsSignIns { get; init; }

    /// <summary>Whether what was made at a time may come from the backup.</summary>
    public bool Holds(DateTimeOffset madeAt) => madeAt < At || madeAt <= NewestAt;

    /// <summary>Where it is kept.</summary>
    public static readonly Table<Restore> Table = new("restores", StoreJson.Default.Restore, _ => Key, isResident: true);
}

/// <summary>A secret that a pile had.</summary>
/// <param name="Device">The pile.</param>
/// <param name="Generation">Which of its secrets, as <see cref="Piles.Pile.SecretGeneration"/>.</param>
public sealed record PileSecret(DeviceNo Device, int Generation);
