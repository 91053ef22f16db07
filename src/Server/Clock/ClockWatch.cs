using System.Globalization;
using Charging.Server.Telemetry;

namespace Charging.Server.Clock;

/// <summary>A moment at which the wall clock was set, or at which this process stood still.</summary>
/// <param name="At">When it was noticed, UTC, by the clock as it has been since.</param>
/// <param name="Before">What the wall clock would show without it, UTC.</param>
/// <param name="Pause">How long nothing ran here; zero when only the clock was set.</param>
public sealed record ClockJump(DateTimeOffset At, DateTimeOffset Before, TimeSpan Pause)
{
    /// <summary>How far the wall clock was set forward, or back.</summary>
    public TimeSpan Step => At - Before;

    /// <summary>It in a sentence, with what to look at.</summary>
    public string Sentence => Step == TimeSpan.Zero
        ? string.Create(CultureInfo.InvariantCulture, $"This process stood still for {Pause.TotalSeconds:0.0} s until {At:u}: look for a machine that was suspended, swaps, or waits for its disk.")
        : string.Create(CultureInfo.InvariantCulture, $"The clock of this machine went {Step.Duration().TotalSeconds:0.0} s {(Step > TimeSpan.Zero ? "forward" : "back")} at {At:u}: see to it that NTP keeps it right. A machine that was suspended goes forward too.");
}

/// <summary>
/// Compares the wall clock with the monotonic one each second. Durations here are measured by the monotonic clock; dates are of
/// the wall clock, and whoever keeps one in the store learns here that it was set, and how much time has passed since.
/// </summary>
public sealed partial class ClockWatch(TimeProvider clock, ILogger<ClockWatch> logger) : IHostedService, IAsyncDisposable
{
    /// <summary>How long a jump is shown to operators.</summary>
    public static readonly TimeSpan ShownFor = TimeSpan.FromDays(1);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxStep = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(10);

    // Between two readings of the clocks; more than that, and they are read again.
    private static readonly TimeSpan MaxReading = TimeSpan.FromMilliseconds(50);

    private const int MaxJumps = 100;

    private (long Timestamp, DateTimeOffset Wall) _first = (clock.GetTimestamp(), clock.GetUtcNow());
    private readonly Lock _gate = new();
    private readonly List<ClockJump> _jumps = [];
    private (long Timestamp, DateTimeOffset Wall) _last = (clock.GetTimestamp(), clock.GetUtcNow());
    private long _jumpedAt;
    private ITimer? _timer;

    /// <summary>Whether it looks by itself, and takes a second that lasted ten for a pause. Not by a clock that a test moves in leaps.</summary>
    public bool LooksEachSecond { get; init; } = true;

    /// <summary>The wall clock was set. Raised once for each time, on a thread of the pool.</summary>
    public event Action? Stepped;

    /// <summary>The time as it would be if nobody had set the wall clock since this process began: what deadlines in memory go by.</summary>
    public DateTimeOffset SteadyNow => Steady(clock.GetTimestamp());

    /// <summary>
    /// How long ago the last jump was; <see cref="TimeSpan.MaxValue"/> when there was none. Whoever is about to judge by what was
    /// not received asks here first: it looks at the clocks before it answers.
    /// </summary>
    public TimeSpan SinceJump
    {
        get
        {
            Look();
            lock (_gate)
                return _jumps.Count == 0 ? TimeSpan.MaxValue : clock.GetElapsedTime(_jumpedAt);
        }
    }

    /// <summary>What operators should know of the clock, in a sentence; null when it went on as time does for a day.</summary>
    public string? Warning
    {
        get
        {
            if (SinceJump >= ShownFor)
                return null;
            lock (_gate)
                return _jumps[^1].Sentence;
        }
    }

    /// <summary>
    /// By how much the wall clock was set since a date that was written down: the difference to a date of now is by so much more
    /// than the time that has passed. Where it was set back, the same date has been twice, and counts as the earlier one.
    /// </summary>
    public TimeSpan StepsSince(DateTimeOffset date)
    {
        Look();
        lock (_gate)
        {
            var (from, next) = (_first.Wall, 0);
            while (next < _jumps.Count && !(date >= from && date <= _jumps[next].Before))
                from = _jumps[next++].At;
            // What is of none of these times was written before this process began.
            if (next == _jumps.Count && date < from)
                next = 0;
            return _jumps.Skip(next).Aggregate(TimeSpan.Zero, (steps, jump) => steps + jump.Step);
        }
    }

    /// <summary>A date of the wall clock as it is now, such as a deadline that was just written, as <see cref="SteadyNow"/> will show it.</summary>
    public DateTimeOffset ToSteady(DateTimeOffset date) => date - Lead();

    /// <summary>A deadline in memory as a date of the wall clock as it is now.</summary>
    public DateTimeOffset ToWall(DateTimeOffset steady) => steady + Lead();

    /// <summary>The clock is right from now on, and what it was before says nothing. Only before anything goes by it.</summary>
    public void Restart()
    {
        lock (_gate)
        {
            _last = _first = Read();
            _jumps.Clear();
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Look();
        if (LooksEachSecond)
            _timer = clock.CreateTimer(_ => Look(), null, Interval, Interval);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? default;

    private void Look()
    {
        ClockJump jump;
        lock (_gate)
        {
            var (timestamp, wall) = Read();
            var passed = clock.GetElapsedTime(_last.Timestamp, timestamp);
            // Until the watch begins nobody looks each second.
            var pause = _timer is not null && passed >= MaxPause ? passed : TimeSpan.Zero;
            var expected = _last.Wall + passed;
            var isStep = (wall - expected).Duration() > MaxStep;
            _last = (timestamp, wall);
            if (!isStep && pause == TimeSpan.Zero)
                return;
            jump = new ClockJump(wall, isStep ? expected : wall, pause);
            _jumps.Add(jump);
            if (_jumps.Count > MaxJumps)
                _jumps.RemoveAt(0);
            _jumpedAt = timestamp;
        }
        ServerMeter.ClockJumps.Add("kind", jump.Step > TimeSpan.Zero ? "forward" : jump.Step < TimeSpan.Zero ? "back" : "pause");
        LogJump(jump.Sentence);
        if (jump.Step != TimeSpan.Zero && Stepped is { } stepped)
            ThreadPool.QueueUserWorkItem(_ => stepped());
    }

    /// <summary>How far the wall clock is before the steady time.</summary>
    private TimeSpan Lead()
    {
        var (timestamp, wall) = Read();
        return wall - Steady(timestamp);
    }

    private DateTimeOffset Steady(long timestamp) => _first.Wall + clock.GetElapsedTime(_first.Timestamp, timestamp);

    /// <summary>Both clocks at one moment: this thread may be held up between them.</summary>
    private (long Timestamp, DateTimeOffset Wall) Read()
    {
        while (true)
        {
            var (before, wall, after) = (clock.GetTimestamp(), clock.GetUtcNow(), clock.GetTimestamp());
            if (clock.GetElapsedTime(before, after) <= MaxReading)
                return (after, wall);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Jump} For 11 minutes no charge is taken for lost.")]
    private partial void LogJump(string jump);
}
