using Charging.Server.Clock;
using Charging.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Charging.Server.Tests.Clock;

/// <summary>The wall clock beside the monotonic one.</summary>
public sealed class ClockWatchTests : IAsyncDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly SteppedClock _clock = new(Stand.Beginning);
    private readonly LogCapture _log = new();
    private readonly ClockWatch _watch;

    public ClockWatchTests()
    {
        _watch = new ClockWatch(_clock, new LoggerFactory([_log]).CreateLogger<ClockWatch>());
        _watch.StartAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync() => await _watch.DisposeAsync();

    [Theory]
    [InlineData(2.1, "went 2.1 s forward")]
    [InlineData(-2.1, "went 2.1 s back")]
    [InlineData(3600, "went 3600.0 s forward")]
    [InlineData(-86400, "went 86400.0 s back")]
    public void A_step_of_more_than_two_seconds_is_noticed_within_one(double seconds, string words)
    {
        _clock.Step(TimeSpan.FromSeconds(seconds));
        _clock.Advance(Second);

        var line = Assert.Single(_log.Records);
        Assert.Equal(LogLevel.Warning, line.Level);
        Assert.Contains(words, line.Message);
        Assert.Contains(words, _watch.Warning);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    public void What_NTP_may_do_to_a_clock_that_is_right_is_no_step(double seconds)
    {
        for (var hour = 0; hour < 5; hour++)
        {
            _clock.Step(TimeSpan.FromSeconds(seconds));
            for (var passed = TimeSpan.Zero; passed < TimeSpan.FromMinutes(1); passed += Second)
                _clock.Advance(Second);
        }

        Assert.Empty(_log.Records);
        Assert.Equal((null, TimeSpan.MaxValue), (_watch.Warning, _watch.SinceJump));
    }

    [Theory]
    [InlineData(9, false)]
    [InlineData(10, true)]
    [InlineData(900, true)]
    public void A_second_that_lasted_ten_is_a_pause(int seconds, bool isPause)
    {
        _clock.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(isPause, _watch.Warning?.Contains($"stood still for {seconds}.0 s") is true);
        Assert.Equal(isPause ? 1 : 0, _log.Records.Count);
    }

    [Fact]
    public void Whoever_asks_is_told_before_the_second_is_over()
    {
        _clock.Step(Hour);

        Assert.Equal(TimeSpan.Zero, _watch.SinceJump);
        _clock.Advance(Second);
        Assert.Equal(Second, _watch.SinceJump);
    }

    [Fact]
    public void A_step_is_shown_for_a_day()
    {
        _clock.Step(-Hour);
        Pass(ClockWatch.ShownFor);
        Assert.NotNull(_watch.Warning);
        Pass(Second);
        Assert.Null(_watch.Warning);
    }

    [Fact]
    public void The_time_since_a_date_is_what_has_passed_whatever_was_done_to_the_clock()
    {
        var dates = new List<DateTimeOffset>();
        foreach (var step in new[] { 0, 3, -1, -48, 24 })
        {
            _clock.Step(TimeSpan.FromHours(step));
            Pass(TimeSpan.FromMinutes(10));
            dates.Add(_clock.GetUtcNow());
            Pass(TimeSpan.FromMinutes(20));
        }

        var passed = dates.Select(date => _clock.GetUtcNow() - date - _watch.StepsSince(date));
        Assert.Equal([140, 110, 80, 50, 20], passed.Select(time => (int)time.TotalMinutes));
    }

    [Fact]
    public void A_deadline_in_memory_does_not_move_and_its_date_does()
    {
        var deadline = _watch.ToSteady(_clock.GetUtcNow() + Hour);
        _clock.Step(-Hour);
        Pass(TimeSpan.FromMinutes(15));

        Assert.Equal(TimeSpan.FromMinutes(45), deadline - _watch.SteadyNow);
        Assert.Equal(TimeSpan.FromMinutes(45), _watch.ToWall(deadline) - _clock.GetUtcNow());
    }

    [Fact]
    public async Task A_step_is_told_once_and_a_pause_is_none()
    {
        var told = 0;
        _watch.Stepped += () => Interlocked.Increment(ref told);
        _clock.Advance(TimeSpan.FromMinutes(1));
        _clock.Step(Hour);
        Pass(TimeSpan.FromMinutes(1));
        await Retry.Until("it is told", () => Volatile.Read(ref told) > 0);
        Assert.Equal(1, Volatile.Read(ref told));
    }

    private void Pass(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Second)
            _clock.Advance(Second);
    }
}
