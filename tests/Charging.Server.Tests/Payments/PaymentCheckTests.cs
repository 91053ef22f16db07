using System.Collections.Concurrent;
using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Payments;

/// <summary>How often the provider is asked whether something was paid.</summary>
public sealed class PaymentCheckTests
{
    private const string OrderNo = "201912040000000352";
    private readonly FakeTimeProvider _clock = new();
    private readonly CountingProvider _provider = new();
    private readonly PaymentCheck _check;

    public PaymentCheckTests() =>
        _check = new PaymentCheck(_provider, new RateLimits(_clock, NullLogger<RateLimits>.Instance), new PaymentOptions(), _clock, NullLogger<PaymentCheck>.Instance);

    [Fact]
    public async Task A_thousand_callers_at_once_have_one_answer_and_those_who_joined_a_second()
    {
        var calls = Enumerable.Range(0, 1000).Select(_ => _check.AskAsync(OrderNo, 101, true, CancellationToken.None)).ToArray();
        await WhileAsync(Task.WhenAll(calls));
        Assert.All(calls, call => Assert.Equal(ResultCode.OrderUnpaid, call.Result.Code));
        Assert.Equal(10, _provider.Askings(OrderNo));
    }

    [Fact]
    public async Task What_was_paid_while_another_caller_was_asking_is_found()
    {
        var early = _check.AskAsync(OrderNo, 101, true, CancellationToken.None);
        await Retry.Until("it was asked four times", () => IsLater(_provider.Askings(OrderNo) == 4));
        var late = _check.AskAsync(OrderNo, 101, true, CancellationToken.None);
        await WhileAsync(early);
        Assert.Equal(ResultCode.OrderUnpaid, (await early).Code);

        _provider.Paid[OrderNo] = 101;
        await WhileAsync(late);
        Assert.Equal(101, (await late).Value);
    }

    [Fact]
    public async Task A_payment_that_was_found_is_not_asked_about_by_those_who_come_in_the_next_moment()
    {
        _provider.Paid[OrderNo] = 101;
        for (var i = 0; i < 100; i++)
            Assert.Equal(101, (await _check.AskAsync(OrderNo, 101, true, CancellationToken.None)).Value);
        Assert.Equal(1, _provider.Askings(OrderNo));
    }

    [Fact]
    public async Task One_order_is_asked_about_ten_times_a_minute_whatever_amounts_are_said()
    {
        var calls = Enumerable.Range(1, 30).Select(fen => _check.AskAsync(OrderNo, fen, true, CancellationToken.None)).ToArray();
        await WhileAsync(Task.WhenAll(calls));
        var answers = calls.Select(call => call.Result);
        Assert.Equal(10, _provider.Askings(OrderNo));
        Assert.All(answers, answer => Assert.Contains(answer.Code.Code, new[] { 403, 5000 }));
        Assert.Contains(answers, answer => answer.Code == ResultCode.Busy);

        _provider.Paid["201912040000000353"] = 5;
        Assert.Equal(5, (await _check.AskAsync("201912040000000353", 5, true, CancellationToken.None)).Value);
        _provider.Paid[OrderNo] = 101;
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(101, (await _check.AskAsync(OrderNo, 101, true, CancellationToken.None)).Value);
    }

    [Fact]
    public async Task A_caller_who_leaves_takes_the_answer_from_nobody()
    {
        using var leaving = new CancellationTokenSource();
        var first = _check.AskAsync(OrderNo, 101, true, leaving.Token);
        var second = _check.AskAsync(OrderNo, 101, true, CancellationToken.None);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _provider.Paid[OrderNo] = 101;
        await WhileAsync(second);
        Assert.Equal(101, (await second).Value);
    }

    private Task WhileAsync(Task call) => Retry.Until("the call is answered", () => IsLater(call.IsCompleted));

    private bool IsLater(bool condition)
    {
        if (!condition)
            _clock.Advance(TimeSpan.FromSeconds(0.25));
        return condition;
    }

    private sealed class CountingProvider : TestProvider
    {
        private readonly ConcurrentDictionary<string, int> _askings = new();

        public ConcurrentDictionary<string, long> Paid { get; } = new();

        public int Askings(string orderNo) => _askings.GetValueOrDefault(orderNo);

        public override Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken)
        {
            _askings.AddOrUpdate(orderNo, 1, (_, count) => count + 1);
            return Task.FromResult(Paid.TryGetValue(orderNo, out var fen) ? new PaymentAnswer(PaymentState.Paid, fen) : new PaymentAnswer(PaymentState.NotPaid));
        }
    }
}
