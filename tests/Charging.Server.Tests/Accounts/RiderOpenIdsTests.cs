using Charging.Server.Accounts.MiniProgram;
using Charging.Server.Calls;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Accounts;

/// <summary>How often WeChat is asked who has called `wx.login`.</summary>
public sealed class RiderOpenIdsTests : IMiniProgram
{
    private readonly FakeTimeProvider _clock = new();
    private readonly TaskCompletionSource _answered = new();
    private readonly RiderOpenIds _openIds;
    private int _asked;

    public RiderOpenIdsTests() =>
        _openIds = new RiderOpenIds(this, new MiniProgramOptions(), new RateLimits(_clock, NullLogger<RateLimits>.Instance), _clock);

    public bool Notifies => false;

    [Fact]
    public async Task One_rider_makes_ten_calls_a_minute_and_the_others_theirs()
    {
        _answered.SetResult();
        for (var i = 0; i < 10; i++)
            Assert.Equal($"openid of {i}", (await AskAsync(1, $"{i}")).Value);
        Assert.Equal(ResultCode.Busy, (await AskAsync(1, "x")).Code);
        Assert.Equal(10, _asked);
        Assert.True((await AskAsync(2, "y")).IsOk);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True((await AskAsync(1, "z")).IsOk);
    }

    /// <summary>WeChat takes a code once, and would refuse it to all but the first.</summary>
    [Fact]
    public async Task A_code_that_is_sent_several_times_at_once_is_asked_about_once()
    {
        var calls = Enumerable.Range(0, 5).Select(_ => AskAsync(1, "code")).ToArray();
        _answered.SetResult();
        Assert.All(await Task.WhenAll(calls), answer => Assert.Equal("openid of code", answer.Value));
        Assert.Equal(1, _asked);
    }

    public async Task<string?> OpenIdAsync(string code, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        await _answered.Task;
        return $"openid of {code}";
    }

    public Task<bool> NotifyAsync(EndNotice notice, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> NotifyAsync(CardNotice notice, CancellationToken cancellationToken) => throw new NotSupportedException();

    private Task<Result<string>> AskAsync(long userId, string code) => _openIds.AskAsync(userId, code, CancellationToken.None);
}
