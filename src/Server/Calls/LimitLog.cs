using Charging.Server.Telemetry;

namespace Charging.Server.Calls;

/// <summary>Counts what a limit refuses under its name, and logs it at most once a minute, with how often since the last line.</summary>
public sealed partial class LimitLog(string name, int max, TimeSpan? window, TimeProvider clock, ILogger logger)
{
    private readonly LogThrottle _throttle = new(clock);

    /// <summary>Counts a refusal.</summary>
    /// <param name="subject">Who was refused, as operators may read it.</param>
    public void Refused(string subject)
    {
        ServerMeter.Limited.Add("limit", name);
        if (_throttle.Count() is { } times)
            LogLimited(name, max, Within, times, subject);
    }

    /// <summary>Logs that a subject has reached four fifths of the limit.</summary>
    public void IsNear(string subject) => LogNear(name, max, Within, subject);

    private string Within => window is null ? "at once" : $"in {window}";

    [LoggerMessage(Level = LogLevel.Warning, Message = "The limit {Limit} ({Max} {Within}) is reached to 80 % by {Subject}.")]
    private partial void LogNear(string limit, int max, string within, string subject);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The limit {Limit} ({Max} {Within}) was reached {Times} times since the last line, last by {Subject}.")]
    private partial void LogLimited(string limit, int max, string within, int times, string subject);
}
