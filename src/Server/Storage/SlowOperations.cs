using System.Collections.Concurrent;
using Charging.Server.Calls;
using Charging.Server.Telemetry;

namespace Charging.Server.Storage;

/// <summary>Counts operations that ran for so long that others had to wait, and logs each kind of them at most once a minute.</summary>
internal sealed partial class SlowOperations(TimeProvider clock, ILogger logger)
{
    /// <summary>How long an operation may run.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, LogThrottle> _logged = new();

    /// <summary>An operation has run.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="took">How long, without what it waited for others.</param>
    public void Ran(Delegate operation, TimeSpan took)
    {
        if (took <= Limit)
            return;
        var name = OperationName.Of(operation);
        ServerMeter.SlowOperations.Add("operation", name);
        if (_logged.GetOrAdd(name, _ => new LogThrottle(clock)).Count() is { } times)
            LogSlow(name, took.TotalMilliseconds, Limit.TotalMilliseconds, times);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store operation {Operation} took {Milliseconds:0} ms; this kind took more than {Limit} ms {Times} times since the last line.")]
    private partial void LogSlow(string operation, double milliseconds, double limit, int times);
}
