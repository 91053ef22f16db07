namespace Charging.Server.Storage;

/// <summary>
/// Due rows that wait for a slot of their kind of work. Riders take turns, and none has more than a few slots at a time, so
/// that one rider's many rows do not delay another's one. Not thread-safe.
/// </summary>
/// <param name="slots">How many rows are worked on at a time.</param>
/// <param name="slotsPerRider">How many of them may be one rider's.</param>
internal sealed class DueQueue(int slots, int slotsPerRider)
{
    private readonly Dictionary<string, Share> _shares = [];
    private readonly Queue<Share> _turns = [];
    private int _running;

    /// <summary>A row waits from now on.</summary>
    public void Add(ScheduledRow row)
    {
        if (!_shares.TryGetValue(row.Rider, out var share))
            _shares[row.Rider] = share = new Share(row.Rider);
        share.Waiting.Add(row);
        TakeTurn(share);
    }

    /// <summary>A row waits no longer.</summary>
    public void Remove(ScheduledRow row)
    {
        if (_shares.TryGetValue(row.Rider, out var share) && share.Waiting.Remove(row))
            ForgetIfIdle(share);
    }

    /// <summary>The next row, which has a slot from now on until it is released; null when no slot is free or nobody may have one.</summary>
    public ScheduledRow? Take()
    {
        while (_running < slots && _turns.TryDequeue(out var share))
        {
            share.HasTurn = false;
            if (share.Waiting.Min is not { } row)
            {
                ForgetIfIdle(share);
                continue;
            }
            share.Waiting.Remove(row);
            share.Running++;
            _running++;
            TakeTurn(share);
            return row;
        }
        return null;
    }

    /// <summary>Gives the slot of a row back.</summary>
    public void Release(ScheduledRow row)
    {
        var share = _shares[row.Rider];
        share.Running--;
        _running--;
        TakeTurn(share);
        ForgetIfIdle(share);
    }

    private void TakeTurn(Share share)
    {
        if (share.HasTurn || share.Waiting.Count == 0 || share.Running >= slotsPerRider)
            return;
        share.HasTurn = true;
        _turns.Enqueue(share);
    }

    // One that still has a turn is forgotten when that comes.
    private void ForgetIfIdle(Share share)
    {
        if (share is { HasTurn: false, Running: 0, Waiting.Count: 0 })
            _shares.Remove(share.Rider);
    }

    /// <summary>What is one rider's.</summary>
    private sealed class Share(string rider)
    {
        public string Rider => rider;

        public SortedSet<ScheduledRow> Waiting { get; } = new(ScheduledRow.ByTime);

        public int Running { get; set; }

        public bool HasTurn { get; set; }
    }
}
