using Charging.Server.Clock;

namespace Charging.Server.Storage;

/// <summary>A due row as the schedule keeps it. Its times are those of <see cref="ClockWatch.SteadyNow"/>, so that nobody sets them.</summary>
/// <param name="Key">Key of the row.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Rider">Whose turn it takes in its queue; a row that is no rider's has turns of its own.</param>
/// <param name="DueAt">When it is to be taken up.</param>
/// <param name="Written">When it is due by the store, UTC.</param>
/// <param name="Leased">The row itself, when this node has leased it with its writing; else null.</param>
/// <param name="LeasedUntil">When that lease ends.</param>
internal sealed record ScheduledRow(
    string Key, DueKind Kind, string Rider, DateTimeOffset DueAt, DateTimeOffset Written = default, DueRow? Leased = null, DateTimeOffset LeasedUntil = default)
{
    /// <summary>By <see cref="DueAt"/>.</summary>
    public static readonly Comparer<ScheduledRow> ByTime = Comparer<ScheduledRow>.Create((a, b) =>
        a.DueAt.CompareTo(b.DueAt) is not 0 and var order ? order : string.CompareOrdinal(a.Key, b.Key));

    /// <summary>A row of the store.</summary>
    /// <param name="row">The row.</param>
    /// <param name="dueAt">When it is to be taken up.</param>
    public static ScheduledRow Of(DueRow row, DateTimeOffset dueAt) =>
        new(row.Key, row.Kind, row.UserId is { } user ? $"user {user}" : row.Key, dueAt, row.DueAt);
}

/// <summary>
/// When each due row is to be taken up. A row whose time has come waits in the queue of its kind of work until that has a slot
/// for it: what waits costs its entry here, and nothing else. Not thread-safe.
/// </summary>
internal sealed class DueSchedule
{
    // Calls of the provider whose outcome costs no rider anything must not hold up money that is owed; nor may either hold up the piles.
    private readonly DueQueue _refunds = new(slots: 64, slotsPerRider: 4);
    private readonly DueQueue _providerCalls = new(slots: 64, slotsPerRider: 4);
    private readonly DueQueue _others = new(slots: 256, slotsPerRider: 4);

    private readonly Dictionary<string, ScheduledRow> _rows = [];
    private readonly SortedSet<ScheduledRow> _later = new(ScheduledRow.ByTime);
    private readonly SortedSet<ScheduledRow> _waiting = new(ScheduledRow.ByTime);

    /// <summary>When the next row is due that does not wait for a slot yet.</summary>
    public DateTimeOffset? Next => _later.Min?.DueAt;

    /// <summary>How many rows wait for a slot, and since when the oldest is due.</summary>
    public (int Count, DateTimeOffset? Oldest) Waiting => (_waiting.Count, _waiting.Min?.DueAt);

    /// <summary>Every row.</summary>
    public IEnumerable<ScheduledRow> All => _rows.Values;

    /// <summary>Schedules a row, or schedules it anew.</summary>
    public void Set(ScheduledRow row)
    {
        Remove(row.Key);
        _rows[row.Key] = row;
        _later.Add(row);
    }

    /// <summary>A row is not to be taken up any more.</summary>
    public void Remove(string key)
    {
        if (!_rows.Remove(key, out var row))
            return;
        _later.Remove(row);
        if (_waiting.Remove(row))
            QueueOf(row.Kind).Remove(row);
    }

    /// <summary>
    /// The next row that is due and has a slot, which it keeps until it is released; null when there is none. Unless it changes it
    /// is due again at the end of its lease.
    /// </summary>
    public ScheduledRow? Take(DateTimeOffset now)
    {
        while (_later.Min is { } due && due.DueAt <= now)
        {
            _later.Remove(due);
            _waiting.Add(due);
            QueueOf(due.Kind).Add(due);
        }
        if ((_others.Take() ?? _refunds.Take() ?? _providerCalls.Take()) is not { } row)
            return null;
        var leasedUntil = row.LeasedUntil > now ? row.LeasedUntil : now + DueRow.Lease;
        Set(row with { DueAt = leasedUntil, Leased = null });
        return row;
    }

    /// <summary>Gives the slot of a row back.</summary>
    public void Release(ScheduledRow row) => QueueOf(row.Kind).Release(row);

    private DueQueue QueueOf(DueKind kind) => kind switch
    {
        DueKind.Refund => _refunds,
        DueKind.Close or DueKind.Surplus or DueKind.Notice or DueKind.CardNotice => _providerCalls,
        _ => _others,
    };
}
