using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Testing;
using Charging.Testing.WeChatPay;
using Xunit;

namespace Charging.Server.Tests.Payments.WeChatPay;

/// <summary>Orders that WeChat Pay makes difficult still come to their end, and no fen is lost on the way.</summary>
public sealed class WeChatSagaTests
{
    [Theory]
    [InlineData(Outage.CutAfter)]
    [InlineData(Outage.Cut)]
    [InlineData(Outage.ServerError)]
    [InlineData(Outage.TooMany)]
    public async Task A_refund_whose_answer_is_lost_goes_back_once(Outage outage)
    {
        await using var paying = await OpenAsync();
        paying.WeChat.Faults.Break(outage, WeChatCall.Refund, times: 2);
        paying.WeChat.Faults.Break(outage, WeChatCall.RefundQuery, times: 1);
        var orderNo = await PayAsync(paying);
        await paying.PassUntilAsync("it went back", async () => (await paying.Stand.OrderAsync(orderNo)).State == OrderState.Refunded);
        Assert.Equal([new($"{orderNo}R1", 101)], paying.WeChat.Books.Refunds);
        await paying.CheckAsync();
    }

    [Fact]
    public async Task A_refund_stays_owed_while_the_merchant_has_no_funds()
    {
        await using var paying = await OpenAsync();
        paying.WeChat.Faults.RefundError = "NOT_ENOUGH";
        var orderNo = await PayAsync(paying);
        await paying.PassUntilAsync("it was asked for thrice", () => Task.FromResult(paying.WeChat.Count(WeChatCall.Refund) >= 3));
        Assert.Equal((OrderState.Refunding, 101L), await paying.Stand.OrderAsync(orderNo) is var order ? (order.State, order.OwedFen) : default);
        await paying.CheckAsync();
        paying.WeChat.Faults.RefundError = null;
        await paying.PassUntilAsync("it went back", async () => (await paying.Stand.OrderAsync(orderNo)).State == OrderState.Refunded);
        Assert.Equal([new($"{orderNo}R1", 101)], paying.WeChat.Books.Refunds);
        await paying.CheckAsync();
    }

    [Fact]
    public async Task A_refund_that_WeChat_gives_up_goes_back_under_the_next_number()
    {
        await using var paying = await OpenAsync();
        paying.WeChat.Faults.RefundEnd = "CLOSED";
        var orderNo = await PayAsync(paying);
        await paying.PassUntilAsync("it was given up", () => Task.FromResult(paying.WeChat.Books.Refund($"{orderNo}R1")?.Status == "CLOSED"));
        paying.WeChat.Faults.RefundEnd = "SUCCESS";
        await paying.PassUntilAsync("it went back", async () => (await paying.Stand.OrderAsync(orderNo)).State == OrderState.Refunded);
        Assert.Equal(101, paying.WeChat.Books.Refunds.Values.Sum());
        Assert.DoesNotContain($"{orderNo}R1", paying.WeChat.Books.Refunds.Keys);
        await paying.CheckAsync();
    }

    [Fact]
    public async Task A_refund_that_the_payers_account_does_not_take_waits_for_an_operator()
    {
        await using var paying = await OpenAsync();
        (paying.WeChat.Faults.RefundEnd, paying.WeChat.Faults.RefundTakes) = ("ABNORMAL", TimeSpan.FromSeconds(10));
        var orderNo = await PayAsync(paying);
        await paying.PassUntilAsync("it waits", async () => (await paying.Stand.OrderAsync(orderNo)).Trouble == Refunds.Abnormal);
        Assert.Equal(101, (await paying.Stand.OrderAsync(orderNo)).OwedFen);
        await paying.CheckAsync();
    }

    [Fact]
    public async Task A_payment_that_nobody_told_of_is_found_when_the_reservation_is_closed_even_after_a_restart()
    {
        await using var paying = await OpenAsync();
        paying.WeChat.Faults.CallbackMode = CallbackMode.Never;
        var orderNo = await paying.ReserveAsync();
        await paying.WeChat.PayAsync(orderNo);
        await paying.Stand.App.RestartAsync();
        paying.WeChat.Reach(paying.Stand.App);
        await paying.PassUntilAsync("it went back", async () => (await paying.Stand.OrderAsync(orderNo)).State == OrderState.Refunded);
        Assert.Equal(0, paying.WeChat.Books.BalanceFen);
        await paying.CheckAsync();
    }

    [Theory]
    [InlineData(101)]
    [InlineData(40)]
    public async Task A_payment_that_was_sent_back_by_hand_gives_no_power(long fen)
    {
        await using var paying = await PayingStand.OpenAsync();
        paying.WeChat.Faults.CallbackMode = CallbackMode.Never;
        var orderNo = await paying.ReserveAsync();
        await paying.WeChat.PayAsync(orderNo);
        paying.WeChat.RefundByHand(orderNo, fen);

        Assert.Equal("订单未支付", (await paying.Stand.ChargeAsync(orderNo)).Message);

        await paying.PassUntilAsync("an operator is told", async () => (await paying.Stand.OrderAsync(orderNo)).Trouble == UnpaidOrders.RefundedElsewhere);
        Assert.Equal((OrderState.Expired, 0L), await paying.Stand.OrderAsync(orderNo) is var order ? (order.State, order.PaidFen) : default);
        Assert.Equal(0, paying.Stand.Pile.StartsObeyed(orderNo));
        await paying.Stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task A_top_up_that_was_sent_back_by_hand_is_not_credited()
    {
        await using var paying = await PayingStand.OpenAsync();
        paying.WeChat.Faults.CallbackMode = CallbackMode.Never;
        var orderNo = (await paying.Stand.Rider.NewTopUpAsync(20)).Data!.Value.GetString()!;
        await paying.PrepayAsync(orderNo, 2000);
        await paying.WeChat.PayAsync(orderNo);
        paying.WeChat.RefundByHand(orderNo, 2000);

        Assert.Equal("订单未支付", (await paying.Stand.Rider.CreditAsync(orderNo, 20)).Message);

        await paying.PassUntilAsync("it was closed", () => Task.FromResult(paying.WeChat.Count(WeChatCall.Close) > 0));
        await paying.PassUntilAsync("it is not asked about any more", async () => await paying.DueAsync(DueKind.Close, orderNo) is null);
        Assert.Equal(0, await paying.BalanceAsync());
        await paying.Stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task A_rider_who_pays_while_WeChat_lies_is_told_402_and_charged_for_nothing()
    {
        await using var paying = await OpenAsync();
        paying.Stand.App.ExpectError("is not to be trusted");
        paying.WeChat.Faults.CallbackMode = CallbackMode.Never;
        var orderNo = await paying.ReserveAsync();
        await paying.WeChat.PayAsync(orderNo);
        paying.WeChat.Faults.Answers = Lie.Tampered;
        Assert.Equal(402, (await paying.Stand.ChargeAsync(orderNo)).Code);
        Assert.Equal(OrderState.Reserved, (await paying.Stand.OrderAsync(orderNo)).State);
    }

    /// <summary>A stand whose pile refuses to start, so that what is paid goes back.</summary>
    private static async Task<PayingStand> OpenAsync()
    {
        var paying = await PayingStand.OpenAsync();
        paying.Stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.PlugFault };
        return paying;
    }

    private static async Task<string> PayAsync(PayingStand paying)
    {
        var orderNo = await paying.ReserveAsync();
        await paying.WeChat.PayAsync(orderNo);
        await paying.Stand.UntilAsync(orderNo, OrderState.Refunding, OrderState.Refunded);
        return orderNo;
    }
}
