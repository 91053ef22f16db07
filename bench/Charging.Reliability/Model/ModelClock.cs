namespace Charging.Reliability.Model;

/// <summary>The scheduler's time as the server sees it. A timer is of the life that makes it, and ends with it.</summary>
internal sealed class ModelClock(Scheduler scheduler, Life world) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => scheduler.Now;

    public override long GetTimestamp() => scheduler.Now.UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var life = (SynchronizationContext.Current as ModelContext)?.Life ?? world;
        var timer = new ModelTimer(scheduler, life, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }
}

/// <summary>A timer on the scheduler.</summary>
internal sealed class ModelTimer(Scheduler scheduler, Life life, Action action) : ITimer
{
    /// <summary>The order in which timers fire.</summary>
    public static readonly IComparer<ModelTimer> ByTime = Comparer<ModelTimer>.Create((a, b) => a._place.CompareTo(b._place));

    private (DateTimeOffset At, int Tie, long Number) _place;
    private TimeSpan _period = Timeout.InfiniteTimeSpan;

    public Life Life => life;

    public DateTimeOffset At => _place.At;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        _period = period;
        scheduler.Set(this, dueTime == Timeout.InfiniteTimeSpan ? null : scheduler.Now + dueTime);
        return true;
    }

    public void Dispose() => scheduler.Set(this, null);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    internal void Place(DateTimeOffset at, int tie, long number) => _place = (at, tie, number);

    internal void Fire()
    {
        if (_period > TimeSpan.Zero)
            scheduler.Set(this, scheduler.Now + _period);
        action();
    }
}
