namespace Charging.PileSimulator;

/// <summary>
/// Everything that a pile will do later, on one timer. Not thread-safe: the owner calls it, and
/// <see cref="RunDue"/> when <paramref name="due"/> is raised, under its own lock.
/// </summary>
internal sealed class Agenda : IDisposable
{
    private readonly PriorityQueue<Action, (TimeSpan At, long Number)> _entries = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly long _origin;
    private long _number;

    public Agenda(TimeProvider time, Action due)
    {
        _time = time;
        _origin = time.GetTimestamp();
        _timer = time.CreateTimer(_ => due(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The monotonic clock, from 0.</summary>
    public TimeSpan Now => _time.GetElapsedTime(_origin);

    public void In(TimeSpan delay, Action action)
    {
        _entries.Enqueue(action, (Now + delay, _number++));
        Arm();
    }

    public void RunDue()
    {
        while (_entries.TryPeek(out var action, out var due) && due.At <= Now)
        {
            _entries.Dequeue();
            action();
        }
        Arm();
    }

    public void Clear() => _entries.Clear();

    public void Dispose() => _timer.Dispose();

    private void Arm()
    {
        if (!_entries.TryPeek(out _, out var due)) return;
        // Timers count whole milliseconds and refuse more than 49 days; an early tick only arms again.
        var wait = Math.Clamp(Math.Ceiling((due.At - Now).TotalMilliseconds), 0, int.MaxValue);
        _timer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
    }
}
