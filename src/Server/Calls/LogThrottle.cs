namespace Charging.Server.Calls;

/// <summary>Lets a line be logged at most once a minute, with how often there was a reason for it since the last one.</summary>
public sealed class LogThrottle(TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long? _loggedAt;
    private int _times;

    /// <summary>There is a reason once more.</summary>
    /// <returns>How often there was one since the last line, when it is time for another; else null.</returns>
    public int? Count()
    {
        lock (_lock)
        {
            _times++;
            var now = clock.GetTimestamp();
            if (_loggedAt is { } loggedAt && clock.GetElapsedTime(loggedAt, now) < Interval)
                return null;
            (var times, _times, _loggedAt) = (_times, 0, now);
            return times;
        }
    }
}
