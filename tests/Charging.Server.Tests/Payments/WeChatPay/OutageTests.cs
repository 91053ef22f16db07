using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Testing.WeChatPay;
using Xunit;

namespace Charging.Server.Tests.Payments.WeChatPay;

/// <summary>WeChat Pay gives no answer, or none that is to be trusted.</summary>
public sealed class OutageTests
{
    public static TheoryData<Outage> Outages => [Outage.TooMany, Outage.ServerError, Outage.Cut, Outage.CutAfter, Outage.Slow];

    public static TheoryData<Lie> Signatures => [Lie.BadSignature, Lie.UnknownSerial, Lie.NoSignature, Lie.Old, Lie.Tampered, Lie.Probe];

    public static TheoryData<Lie> Contradictions => [Lie.OtherOrder, Lie.OtherMerchant, Lie.OtherApp, Lie.OtherCurrency];

    [Theory]
    [MemberData(nameof(Outages))]
    public async Task No_answer_is_no_answer_for_every_call(Outage outage)
    {
        var patience = outage == Outage.Slow ? "00:00:02" : "00:00:10";
        await using var client = await WeChatPayClient.OpenAsync(SigningMode.Certificates, $"--Charging:Payment:WeChatPay:Timeout={patience}");
        await client.PaidAsync();
        client.Clock.Advance(TimeSpan.FromDays(1));
        foreach (var (name, call) in client.Calls)
        {
            client.WeChat.Faults.Break(outage, name);
            await Assert.ThrowsAsync<ProviderUnavailableException>(call);
        }
    }

    [Fact]
    public async Task What_was_taken_before_the_connection_broke_is_found_again_under_its_number()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        client.WeChat.Faults.Break(Outage.CutAfter, WeChatCall.Prepay, times: 1);
        await Assert.ThrowsAsync<ProviderUnavailableException>(client.PrepayAsync);
        await client.PaidAsync();

        client.WeChat.Faults.Break(Outage.CutAfter, WeChatCall.Refund, times: 1);
        await Assert.ThrowsAsync<ProviderUnavailableException>(client.RefundAsync);
        Assert.Equal(61, client.WeChat.Books.BalanceFen);
        Assert.Equal(RefundState.Done, await client.QueryRefundAsync());
        Assert.Equal(RefundState.Done, await client.RefundAsync());
        Assert.Equal(61, client.WeChat.Books.BalanceFen);
    }

    [Fact]
    public async Task A_question_is_asked_once_more_when_the_connection_breaks_and_an_order_to_do_something_is_not()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        client.WeChat.Faults.Break(Outage.Cut, WeChatCall.Query, times: 1);
        Assert.Equal(PaymentState.Paid, (await client.QueryAsync()).State);
        Assert.Equal(2, client.WeChat.Count(WeChatCall.Query));
        client.WeChat.Faults.Break(Outage.Cut, WeChatCall.Refund, times: 1);
        await Assert.ThrowsAsync<ProviderUnavailableException>(client.RefundAsync);
        Assert.Equal(1, client.WeChat.Count(WeChatCall.Refund));
    }

    [Theory]
    [MemberData(nameof(Signatures))]
    public async Task An_answer_whose_signature_is_not_WeChats_is_not_believed(Lie lie)
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        await client.RefundAsync();
        client.Log.Expect("is not to be trusted");
        client.WeChat.Faults.Answers = lie;
        await Assert.ThrowsAsync<UntrustedAnswerException>(client.QueryAsync);
        await Assert.ThrowsAsync<UntrustedAnswerException>(client.RefundAsync);
        await Assert.ThrowsAsync<UntrustedAnswerException>(client.QueryRefundAsync);
        await Assert.ThrowsAsync<UntrustedAnswerException>(
            () => client.Provider.PrepayAsync(client.Payment with { OrderNo = "201912040000000353" }, CancellationToken.None));
        client.WeChat.Faults.Answers = Lie.None;
        Assert.Equal(PaymentState.Refunded, (await client.QueryAsync()).State);
    }

    [Theory]
    [MemberData(nameof(Contradictions))]
    public async Task An_answer_that_speaks_of_something_else_is_not_believed(Lie lie)
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        client.Log.Expect("is not to be trusted");
        client.WeChat.Faults.Answers = lie;
        await Assert.ThrowsAsync<UntrustedAnswerException>(client.QueryAsync);
    }

    [Theory]
    [InlineData(Lie.OtherOrder)]
    [InlineData(Lie.OtherCurrency)]
    [InlineData(Lie.OtherAmount)]
    public async Task A_refund_that_speaks_of_something_else_is_not_believed(Lie lie)
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        client.Log.Expect("is not to be trusted");
        client.WeChat.Faults.Answers = lie;
        await Assert.ThrowsAsync<UntrustedAnswerException>(client.RefundAsync);
    }

    [Fact]
    public async Task A_204_is_verified_too()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PrepayAsync();
        client.Log.Expect("is not to be trusted");
        client.WeChat.Faults.Answers = Lie.BadSignature;
        await Assert.ThrowsAsync<UntrustedAnswerException>(client.CloseAsync);
    }
}
