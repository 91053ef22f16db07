namespace Charging.Server.Calls;

/// <summary>Makes the limits that this process keeps in memory. Each is counted and logged under its name.</summary>
public sealed class RateLimits(TimeProvider clock, ILogger<RateLimits> logger)
{
    /// <summary>Makes a limit.</summary>
    /// <param name="name">What is limited, in kebab case, such as `wrong-codes`: the label of `charging_limited_total`.</param>
    /// <param name="max">How often one subject may in one window.</param>
    /// <param name="window">How long a window is; it begins with the subject's first time.</param>
    /// <param name="warnsNear">Whether a line is logged when a subject has reached four fifths of it.</param>
    public RateLimit<TKey> Create<TKey>(string name, int max, TimeSpan window, bool warnsNear = false) where TKey : notnull =>
        new(name, max, window, warnsNear, clock, logger);

    /// <summary>Makes the log of a limit that is kept elsewhere, such as in the store.</summary>
    /// <param name="name">As in <see cref="Create"/>.</param>
    /// <param name="max">How often in one window, or how many at once.</param>
    /// <param name="window">How long a window is; null for how many at once.</param>
    public LimitLog CreateLog(string name, int max, TimeSpan? window) => new(name, max, window, clock, logger);
}

/// <summary>
/// How often each subject may do something. Kept in memory by monotonic time: a restart forgets it, and each node counts for
/// itself, so that limits on money are kept in the store instead. The number of subjects is bounded too.
/// </summary>
public sealed class RateLimit<TKey>(string name, int max, TimeSpan window, bool warnsNear, TimeProvider clock, ILogger logger)
    where TKey : notnull
{
    /// <summary>Subjects in their window at once; further ones are refused.</summary>
    public const int MaxSubjects = 100_000;

    private readonly LimitLog _log = new(name, max, window, clock, logger);
    private readonly Dictionary<TKey, Window> _windows = [];
    private readonly Lock _lock = new();
    private long _cleanedAt = clock.GetTimestamp();

    private readonly record struct Window(long BeganAt, int Count);

    /// <summary>Counts once more; false when the subject has reached the limit, which is then counted and logged.</summary>
    /// <param name="key">The subject.</param>
    /// <param name="logAs">The subject as operators may read it; null for the key itself.</param>
    /// <param name="times">How often it counts: all of it, or nothing.</param>
    public bool TryTake(TKey key, string? logAs = null, int times = 1)
    {
        lock (_lock)
        {
            if (Current(key) is { } current && current.Count + times <= max)
            {
                var taken = current.Count + times;
                _windows[key] = current with { Count = taken };
                if (warnsNear && current.Count < max - (max / 5) && taken >= max - (max / 5))
                    _log.IsNear(logAs ?? key.ToString()!);
                return true;
            }
        }
        _log.Refused(logAs ?? key.ToString()!);
        return false;
    }

    /// <summary>Whether the subject has reached the limit. Counts nothing.</summary>
    public bool IsReached(TKey key)
    {
        lock (_lock)
            return Current(key) is not { } current || current.Count >= max;
    }

    /// <summary>Whether the subject can be counted: it is in its window, or there is room for one more subject.</summary>
    public bool HasRoomFor(TKey key)
    {
        lock (_lock)
            return Current(key) is not null;
    }

    /// <summary>Takes back what <see cref="TryTake"/> counted: it did not happen after all.</summary>
    public void Return(TKey key)
    {
        lock (_lock)
        {
            if (!_windows.TryGetValue(key, out var current))
                return;
            if (current.Count > 1)
                _windows[key] = current with { Count = current.Count - 1 };
            else
                _windows.Remove(key);
        }
    }

    /// <returns>The window that the subject is in, a new one if there is none; null when there are too many subjects.</returns>
    private Window? Current(TKey key)
    {
        var now = clock.GetTimestamp();
        if (_windows.TryGetValue(key, out var current) && !IsOver(current.BeganAt, window, now))
            return current;
        if (IsOver(_cleanedAt, window, now))
        {
            foreach (var (subject, _) in _windows.Where(pair => IsOver(pair.Value.BeganAt, window, now)))
                _windows.Remove(subject);
            _cleanedAt = now;
        }
        return _windows.Count < MaxSubjects || _windows.ContainsKey(key) ? new Window(now, 0) : null;
    }

    private bool IsOver(long beganAt, TimeSpan length, long now) => clock.GetElapsedTime(beganAt, now) >= length;
}
