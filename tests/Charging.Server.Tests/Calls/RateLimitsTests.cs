using Charging.Server.Calls;
using Charging.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Calls;

/// <summary>A limit that is kept in memory.</summary>
public sealed class RateLimitsTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly LogCapture _log = new();

    [Fact]
    public void Each_subject_has_its_own_share_of_a_window()
    {
        var limit = Limit(max: 2);

        Assert.Equal([true, true, false, true], [limit.TryTake(1), limit.TryTake(1), limit.TryTake(1), limit.TryTake(2)]);
        Assert.Equal((true, false), (limit.IsReached(1), limit.IsReached(2)));

        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([true, true, false], [limit.TryTake(1), limit.TryTake(1), limit.TryTake(1)]);
    }

    [Fact]
    public void What_counts_more_than_once_is_taken_whole_or_not_at_all()
    {
        var limit = Limit(max: 3);

        Assert.Equal([true, false, true, false], [limit.TryTake(1, times: 2), limit.TryTake(1, times: 2), limit.TryTake(1), limit.TryTake(1)]);
    }

    [Fact]
    public void What_did_not_happen_is_given_back()
    {
        var limit = Limit(max: 1);
        Assert.True(limit.TryTake(1));
        limit.Return(1);
        limit.Return(1);

        Assert.Equal([true, false], [limit.TryTake(1), limit.TryTake(1)]);
    }

    [Fact]
    public void Has_room_for_so_many_subjects_and_for_new_ones_when_their_windows_are_over()
    {
        var limit = Limit(max: 2);
        for (var subject = 0; subject < RateLimit<int>.MaxSubjects; subject++)
            limit.TryTake(subject);

        Assert.Equal((false, true), (limit.TryTake(-1), limit.TryTake(0)));

        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(limit.TryTake(-1));
    }

    [Fact]
    public void Is_logged_once_a_minute_with_its_count()
    {
        var limit = Limit(max: 1);
        for (var i = 0; i < 5; i++)
            limit.TryTake(1);
        _clock.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 2; i++)
            limit.TryTake(7);

        Assert.Collection(
            _log.Records,
            first => Assert.Contains("test", first.Message),
            second =>
            {
                Assert.Contains("4 times", second.Message);
                Assert.EndsWith("by 7.", second.Message);
            });
    }

    [Fact]
    public void Warns_once_when_four_fifths_are_reached()
    {
        var limit = new RateLimits(_clock, LoggerFactory.Create(logging => logging.AddProvider(_log)).CreateLogger<RateLimits>())
            .Create<int>("test", 10, TimeSpan.FromMinutes(1), warnsNear: true);
        for (var i = 0; i < 10; i++)
            limit.TryTake(1);

        Assert.Contains("80 % by 1", Assert.Single(_log.Records).Message);
    }

    private RateLimit<int> Limit(int max) =>
        new RateLimits(_clock, LoggerFactory.Create(logging => logging.AddProvider(_log)).CreateLogger<RateLimits>())
            .Create<int>("test", max, TimeSpan.FromMinutes(1));
}
