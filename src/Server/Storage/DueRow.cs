using System.Globalization;
using Charging.MqttBroker;
using Charging.Server.Orders;
using Charging.Server.Piles;

namespace Charging.Server.Storage;

/// <summary>What a due row is about. The name is the first part of its key.</summary>
public enum DueKind
{
    /// <summary>An unpaid reservation runs out (contract section 6).</summary>
    Expire,

    /// <summary>An unpaid order or top-up is closed at the provider, asked about, and refunded or credited if it was paid after all.</summary>
    Close,

    /// <summary>A start command is sent, sent again, and given up.</summary>
    Start,

    /// <summary>A stop command is sent until the pile confirms it.</summary>
    Stop,

    /// <summary>A start that the pile never answered is paid back, at the latest.</summary>
    Unconfirmed,

    /// <summary>A charge that should be over is looked after.</summary>
    Overdue,

    /// <summary>A charge that the pile no longer knows is ended.</summary>
    Lost,

    /// <summary>A charge that is priced by power has used up its payment, and is stopped.</summary>
    Spent,

    /// <summary>An order that was paid from the balance is closed at the provider, and what was paid there too goes back.</summary>
    Surplus,

    /// <summary>Money goes back through the provider.</summary>
    Refund,

    /// <summary>The rider is told that the charge is over, at most once.</summary>
    Notice,

    /// <summary>A rider is told that a card was blocked, at most once.</summary>
    CardNotice,

    /// <summary>A retired pile is cut off when its charges have ended.</summary>
    Retire,
}

/// <summary>
/// Something that must still be done, written in the same transaction as the reason for it. A worker leases it,
/// does it, and writes the outcome only while the lease is its own; so a crash anywhere ends like no crash.
/// </summary>
public sealed record DueRow
{
    /// <summary>How long a worker may take before another takes the row up.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    /// <summary>What is to be done.</summary>
    public required DueKind Kind { get; init; }

    /// <summary>The order or top-up that it is about; for <see cref="DueKind.Refund"/>, the number of the refund;
    /// for <see cref="DueKind.Retire"/>, the pile; for <see cref="DueKind.CardNotice"/>, the card.</summary>
    public required string Subject { get; init; }

    /// <summary>
    /// The rider whose work it is, where riders take turns: calls of the provider. Null for everything else, and in rows of
    /// older programs.
    /// </summary>
    public long? UserId { get; init; }

    /// <summary>When it is due, UTC; while it is leased, when the lease ends.</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>The plug, for a command.</summary>
    public PlugId? Plug { get; init; }

    /// <summary>For <see cref="DueKind.Stop"/>: whether it was of no live order of the pile, so that it counts in <see cref="PileCounts.OrphanStops"/>.</summary>
    public bool IsOrphan { get; init; }

    /// <summary>Where the pile ends the charge, for <see cref="DueKind.Start"/>.</summary>
    public ChargeLimits? Limits { get; init; }

    /// <summary>The worker that has leased it; null when it is free.</summary>
    public string? LeasedBy { get; init; }

    /// <summary>How often it was leased: with <see cref="LeasedBy"/>, what a lease is known by.</summary>
    public int Leases { get; init; }

    /// <summary>How often the command or the call was made.</summary>
    public int Tries { get; init; }

    /// <summary>Key of the row: see <see cref="KeyOf"/>.</summary>
    public string Key => KeyOf(Kind, Subject, Kind == DueKind.Stop ? Plug?.Device : null);

    /// <summary>
    /// Key of the row of a kind for a subject. An order is in one of the states between its reservation and its end, and what
    /// ends that state is one row, which the next replaces. Any pile may name any order, so a stop is of its pile alone.
    /// </summary>
    public static string KeyOf(DueKind kind, string subject, DeviceNo? device = null) => kind switch
    {
        DueKind.Expire or DueKind.Close or DueKind.Start or DueKind.Unconfirmed or DueKind.Overdue => $"Next:{subject}",
        _ => device is null ? $"{kind}:{subject}" : $"{kind}:{device}:{subject}",
    };

    /// <summary>The row again, free, due later.</summary>
    public DueRow Again(DateTimeOffset dueAt) => this with { DueAt = dueAt, LeasedBy = null };
}

/// <summary>Where due rows are kept.</summary>
public static class DueRows
{
    /// <summary>Due rows by <see cref="DueRow.Key"/>.</summary>
    public static readonly Table<DueRow> Table = new("due", StoreJson.Default.DueRow, row => row.Key, isResident: true);

    /// <summary>A time as an index key that sorts as time does.</summary>
    public static string Time(DateTimeOffset time) => time.UtcTicks.ToString("D19", CultureInfo.InvariantCulture);

    /// <summary>Removes the row of a kind for a subject.</summary>
    public static void Done(this ITransaction tx, DueKind kind, string subject, DeviceNo? device = null) =>
        tx.Delete(Table, DueRow.KeyOf(kind, subject, device));

    /// <summary>Whether the lease under which a worker acted is still its own; else its outcome must not be written.</summary>
    public static async ValueTask<bool> HoldsAsync(this ITransaction tx, DueRow leased)
    {
        var now = await tx.GetAsync(Table, leased.Key);
        return now is not null && (now.Kind, now.LeasedBy, now.Leases) == (leased.Kind, leased.LeasedBy, leased.Leases);
    }
}
