using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Server.Payments.WeChatPay;
using Charging.Testing.WeChatPay;
using Xunit;

namespace Charging.Server.Tests.Payments.WeChatPay;

/// <summary>Making, asking about and closing payments.</summary>
public sealed class PaymentCallTests
{
    [Fact]
    public async Task A_prepay_gives_what_the_mini_program_needs_and_signs_it_with_the_merchants_key()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        var parameters = await client.PrepayAsync();
        Assert.Equal(("RSA", $"prepay_id=wx{WeChatPayClient.OrderNo}", "1575428820"), (parameters.SignType, parameters.Package, parameters.TimeStamp));
        var merchant = client.WeChat.Merchant;
        Assert.True(merchant.HasSigned($"{merchant.AppId}\n{parameters.TimeStamp}\n{parameters.NonceStr}\n{parameters.Package}\n", parameters.PaySign));
        var booked = client.WeChat.Books.Payment(WeChatPayClient.OrderNo)!;
        Assert.Equal((101, "oRider", "https://charging.example.com/wechat/pay/notify"), (booked.Fen, booked.OpenId, booked.NotifyUrl));
    }

    [Fact]
    public async Task A_prepay_may_be_repeated_up_to_the_last_second_of_the_reservation()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        var first = await client.PrepayAsync();
        client.Clock.Advance(TimeSpan.FromSeconds(179));
        Assert.Equal(first.Package, (await client.PrepayAsync()).Package);
        await client.WeChat.PayAsync(WeChatPayClient.OrderNo);
    }

    [Fact]
    public async Task The_last_second_of_a_reservation_is_enough_for_a_first_prepay()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        client.Clock.Advance(TimeSpan.FromSeconds(179));
        await client.PrepayAsync();
    }

    [Fact]
    public async Task A_number_with_another_amount_is_refused()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PrepayAsync();
        await Assert.ThrowsAsync<PaymentRefusedException>(() => client.Provider.PrepayAsync(client.Payment with { Fen = 102 }, CancellationToken.None));
        Assert.Equal(101, client.WeChat.Books.Payment(WeChatPayClient.OrderNo)!.Fen);
    }

    [Fact]
    public async Task A_number_that_was_paid_or_closed_is_refused()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        await Assert.ThrowsAsync<PaymentRefusedException>(client.PrepayAsync);
        var other = client.Payment with { OrderNo = "201912040000000353" };
        await client.Provider.PrepayAsync(other, CancellationToken.None);
        await client.Provider.CloseAsync(other.OrderNo, CancellationToken.None);
        await Assert.ThrowsAsync<PaymentRefusedException>(() => client.Provider.PrepayAsync(other, CancellationToken.None));
    }

    [Fact]
    public async Task A_payment_is_not_made_not_paid_paid_and_sent_back()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        Assert.Equal(new PaymentAnswer(PaymentState.NotPaid), await client.QueryAsync());
        await client.PrepayAsync();
        Assert.Equal(new PaymentAnswer(PaymentState.NotPaid), await client.QueryAsync());
        client.WeChat.Faults.LaggingQueries = 2;
        await client.WeChat.PayAsync(WeChatPayClient.OrderNo);
        Assert.Equal(PaymentState.NotPaid, (await client.QueryAsync()).State);
        Assert.Equal(PaymentState.NotPaid, (await client.QueryAsync()).State);
        Assert.Equal(new PaymentAnswer(PaymentState.Paid, 101), await client.QueryAsync());
        Assert.Equal(RefundState.Done, await client.RefundAsync());
        Assert.Equal(new PaymentAnswer(PaymentState.Refunded), await client.QueryAsync());
    }

    [Theory]
    [InlineData("SUCCESS", PaymentState.Paid)]
    [InlineData("REFUND", PaymentState.Refunded)]
    [InlineData("NOTPAY", PaymentState.NotPaid)]
    [InlineData("USERPAYING", PaymentState.NotPaid)]
    [InlineData("PAYERROR", PaymentState.NotPaid)]
    [InlineData("CLOSED", PaymentState.Closed)]
    [InlineData("REVOKED", PaymentState.Closed)]
    public void Every_state_of_a_payment_is_known(string state, PaymentState expected)
    {
        var options = new WeChatPayOptions { AppId = "wx1", MchId = "1" };
        var transaction = new WeChatTransaction("wx1", "1", "2019", state, new() { Total = 101, Currency = "CNY" });
        Assert.Null(WeChatTransactions.Contradiction(transaction, options, "2019"));
        Assert.Equal(expected, WeChatTransactions.StateOf(transaction).State);
        Assert.NotNull(WeChatTransactions.Contradiction(transaction with { TradeState = "NEW" }, options, "2019"));
    }

    [Fact]
    public async Task What_is_closed_can_no_longer_be_paid_and_closing_may_be_repeated()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.CloseAsync();
        await client.PrepayAsync();
        await client.CloseAsync();
        await client.CloseAsync();
        Assert.Equal(new PaymentAnswer(PaymentState.Closed), await client.QueryAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.WeChat.PayAsync(WeChatPayClient.OrderNo));
    }

    [Fact]
    public async Task What_was_paid_stays_paid_when_it_is_closed()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        await client.CloseAsync();
        Assert.Equal(new PaymentAnswer(PaymentState.Paid, 101), await client.QueryAsync());
    }

    [Fact]
    public async Task A_server_with_another_merchants_key_is_told_so_in_the_log_and_gets_no_further()
    {
        var other = new MerchantAccount(isOther: true);
        await using var client = await WeChatPayClient.OpenAsync(
            SigningMode.Certificates, "--Charging:Payment:WeChatPay:MerchantKeyFile=", $"--Charging:Payment:WeChatPay:MerchantKey={other.PrivateKeyPem}");
        client.Log.Expect("HTTP 401 SIGN_ERROR");
        foreach (var call in client.Calls.Where(call => call.Key != WeChatCall.Bill).Select(call => call.Value))
            await Assert.ThrowsAsync<ProviderUnavailableException>(call);
        Assert.Null(client.WeChat.Books.Payment(WeChatPayClient.OrderNo));
    }
}
