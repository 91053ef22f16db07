using Charging.Server.Payments;
using Charging.Testing.WeChatPay;
using Xunit;

namespace Charging.Server.Tests.Payments.WeChatPay;

/// <summary>Sending money back, and asking what became of it.</summary>
public sealed class RefundCallTests
{
    [Fact]
    public async Task The_same_number_is_one_refund()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        Assert.Equal(RefundState.Unknown, await client.QueryRefundAsync());
        Assert.Equal(RefundState.Done, await client.RefundAsync());
        Assert.Equal(RefundState.Done, await client.RefundAsync());
        Assert.Equal(RefundState.Done, await client.QueryRefundAsync());
        Assert.Equal(61, client.WeChat.Books.BalanceFen);
    }

    [Theory]
    [InlineData("SUCCESS", RefundState.Done, 61)]
    [InlineData("ABNORMAL", RefundState.Abnormal, 101)]
    [InlineData("CLOSED", RefundState.Closed, 101)]
    public async Task A_refund_takes_its_time_and_ends(string end, RefundState expected, long left)
    {
        await using var client = await WeChatPayClient.OpenAsync();
        (client.WeChat.Faults.RefundTakes, client.WeChat.Faults.RefundEnd) = (TimeSpan.FromMinutes(5), end);
        await client.PaidAsync();
        Assert.Equal(RefundState.Processing, await client.RefundAsync());
        Assert.Equal(RefundState.Processing, await client.QueryRefundAsync());
        client.Clock.Advance(TimeSpan.FromMinutes(5));
        await Testing.Retry.Until("it has ended", async () => await client.QueryRefundAsync() == expected);
        Assert.Equal(expected, await client.RefundAsync());
        Assert.Equal(left, client.WeChat.Books.BalanceFen);
    }

    [Theory]
    [InlineData("NOT_ENOUGH", RefundState.Refused)]
    [InlineData("INVALID_REQUEST", RefundState.Refused)]
    [InlineData("USER_ACCOUNT_ABNORMAL", RefundState.Abnormal)]
    public async Task A_refund_that_is_not_taken_says_why(string code, RefundState expected)
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        client.WeChat.Faults.RefundError = code;
        Assert.Equal(expected, await client.RefundAsync());
        Assert.Contains(client.Log.Records, record => record.Message.Contains(code));
        Assert.Equal(RefundState.Unknown, await client.QueryRefundAsync());
        client.WeChat.Faults.RefundError = null;
        Assert.Equal(RefundState.Done, await client.RefundAsync());
    }

    [Fact]
    public async Task More_than_was_paid_never_goes_back()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        await client.RefundAsync();
        var second = WeChatPayClient.Refund with { No = $"{WeChatPayClient.OrderNo}R2", Fen = 62 };
        Assert.Equal(RefundState.Refused, await client.Provider.RefundAsync(second, CancellationToken.None));
        Assert.Equal(RefundState.Done, await client.Provider.RefundAsync(second with { Fen = 61 }, CancellationToken.None));
        Assert.Equal(0, client.WeChat.Books.BalanceFen);
    }

    [Fact]
    public async Task A_payment_that_WeChat_does_not_know_is_not_sent_back()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        Assert.Equal(RefundState.Refused, await client.RefundAsync());
    }
}
