using System.Net;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Accounts;

/// <summary>Wrong codes, and questions about who is registered.</summary>
public sealed class AttemptLimitsTests
{
    private static readonly CodesOptions Options = new() { MaxFailuresPerPhone = 3, MaxFailuresPerAddress = 5, MaxFailuresPerMinute = 8 };
    private static readonly IPAddress Here = IPAddress.Parse("203.0.113.7");

    private readonly FakeTimeProvider _clock = new();
    private readonly LogCapture _log = new();
    private readonly AttemptLimits _limits;
    private int _made;
    private int _others;

    public AttemptLimitsTests() => _limits = new AttemptLimits(
        new RateLimits(_clock, LoggerFactory.Create(logging => logging.AddProvider(_log)).CreateLogger<RateLimits>()),
        new ServerOptions { TrustedProxies = ["192.0.2.1"] }, Options, _clock);

    public static TheoryData<int> Failures => [2007, 2008, 2009, 2014];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Of_a_phone_no_more_failures_are_told_but_a_right_code_is_taken(int failure)
    {
        var phone = NewPhone();
        for (var i = 0; i < Options.MaxFailuresPerPhone; i++)
            Assert.Equal(failure, await TryAsync(phone, Elsewhere(), failure));
        Assert.Equal(445, await TryAsync(phone, Elsewhere(), failure));
        Assert.Equal(200, await TryAsync(phone, Elsewhere(), 200));
        Assert.Equal(failure, await TryAsync(NewPhone(), Elsewhere(), failure));
        Assert.DoesNotContain(_log.Records, record => record.Message.Contains(phone.ToString()));
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(failure, await TryAsync(phone, Elsewhere(), failure));
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task An_address_that_has_failed_too_often_is_refused_before_anything_is_tried(int failure)
    {
        for (var i = 0; i < Options.MaxFailuresPerAddress; i++)
            Assert.Equal(failure, await TryAsync(NewPhone(), Here, failure));
        var made = _made;
        Assert.Equal(445, await TryAsync(NewPhone(), Here, 200));
        Assert.Equal(made, _made);
        Assert.Equal(200, await TryAsync(NewPhone(), Elsewhere(), 200));
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(200, await TryAsync(NewPhone(), Here, 200));
    }

    [Fact]
    public async Task What_succeeds_or_breaks_is_not_counted()
    {
        var phone = NewPhone();
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(200, await TryAsync(phone, Here, 200));
            Assert.Equal(445, await TryAsync(phone, Here, 445));
            await Assert.ThrowsAsync<TimeoutException>(() => _limits.TryAsync<Done>(
                new Attempt("login", phone, Here), ResultCode.Busy, () => throw new TimeoutException(), CancellationToken.None));
        }
        Assert.Equal(2009, await TryAsync(phone, Here, 2009));
    }

    [Fact]
    public async Task Too_many_failures_in_all_slow_everybody_and_keep_nobody_out()
    {
        for (var i = 0; i < Options.MaxFailuresPerMinute; i++)
            Assert.Equal(2014, await TryAsync(NewPhone(), Elsewhere(), 2014));
        foreach (var code in new[] { 200, 2014 })
        {
            var slowed = TryAsync(NewPhone(), Elsewhere(), code);
            _clock.Advance(AttemptLimits.Slowdown - TimeSpan.FromMilliseconds(1));
            Assert.False(slowed.IsCompleted);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal(code, await slowed);
        }
        Assert.Contains(_log.Records, record => record.Level == LogLevel.Warning && record.Message.Contains("failed-attempts"));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, await TryAsync(NewPhone(), Elsewhere(), 200));
    }

    private static Phone NewPhone() => Phone.Parse(ChargingApp.NewPhone());

    private IPAddress Elsewhere() => IPAddress.Parse($"198.51.100.{++_others}");

    private async Task<int> TryAsync(Phone phone, IPAddress address, int code)
    {
        var outcome = code switch
        {
            2007 => ResultCode.PhoneTaken,
            2008 => ResultCode.WxNameTaken,
            2009 => ResultCode.WrongCode,
            2014 => ResultCode.NotRegistered,
            445 => ResultCode.TooFrequent,
            _ => ResultCode.Ok,
        };
        var result = await _limits.TryAsync(
            new Attempt("code", phone, address),
            ResultCode.TooFrequent,
            () =>
            {
                _made++;
                return Task.FromResult(outcome == ResultCode.Ok ? Done.Ok : outcome);
            },
            CancellationToken.None);
        return result.Code.Code;
    }
}
