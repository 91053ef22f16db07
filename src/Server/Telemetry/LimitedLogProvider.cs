using System.Collections.Concurrent;

namespace Charging.Server.Telemetry;

/// <summary>
/// Passes at most <see cref="MaxPerMinute"/> lines of each message on in a minute, and says how many were left out: whatever an
/// outsider makes the server log, the log grows slowly, and what else it says can be found.
/// </summary>
[ProviderAlias("Console")]
public sealed class LimitedLogProvider(ILoggerProvider inner, TimeProvider clock) : ILoggerProvider, ISupportExternalScope
{
    /// <summary>Lines of one message in a minute.</summary>
    public const int MaxPerMinute = 60;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Limited(inner.CreateLogger(categoryName), clock);

    /// <inheritdoc/>
    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => (inner as ISupportExternalScope)?.SetScopeProvider(scopeProvider);

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();

    private sealed class Limited(ILogger inner, TimeProvider clock) : ILogger
    {
        // By the event, of which the code of a category has only so many.
        private readonly ConcurrentDictionary<EventId, Window> _windows = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var (isAllowed, leftOut) = _windows.GetOrAdd(eventId, _ => new Window()).Take(clock);
            if (leftOut > 0)
                inner.Log(logLevel, eventId, leftOut, null, static (count, _) => $"{count} lines like the next one were left out, to keep the log short.");
            if (isAllowed)
                inner.Log(logLevel, eventId, state, exception, formatter);
        }
    }

    private sealed class Window
    {
        private readonly Lock _lock = new();
        private long? _beganAt;
        private int _lines;

        /// <returns>Whether one more line may be written, and how many were left out before it.</returns>
        public (bool IsAllowed, int LeftOut) Take(TimeProvider clock)
        {
            lock (_lock)
            {
                var leftOut = 0;
                if (_beganAt is not { } beganAt || clock.GetElapsedTime(beganAt) >= Minute)
                {
                    leftOut = Math.Max(0, _lines - MaxPerMinute);
                    (_beganAt, _lines) = (clock.GetTimestamp(), 0);
                }
                return (++_lines <= MaxPerMinute, leftOut);
            }
        }
    }
}
