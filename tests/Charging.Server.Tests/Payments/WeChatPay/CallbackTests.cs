using System.Net;
using System.Text;
using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Server.Tests.Piles;
using Charging.Testing;
using Charging.Testing.WeChatPay;
using Xunit;

namespace Charging.Server.Tests.Payments.WeChatPay;

/// <summary>Callbacks of WeChat Pay, and whatever pretends to be one.</summary>
public sealed class CallbackTests
{
    public static TheoryData<Lie> Lies =>
    [
        Lie.BadSignature, Lie.UnknownSerial, Lie.NoSignature, Lie.Old, Lie.Tampered, Lie.Probe, Lie.OtherMerchant, Lie.OtherApp, Lie.OtherCurrency,
    ];

    [Theory]
    [InlineData(SigningMode.Certificates)]
    [InlineData(SigningMode.PublicKey)]
    [InlineData(SigningMode.Both)]
    public async Task A_callback_starts_the_charge_and_one_that_comes_twice_changes_nothing(SigningMode mode)
    {
        await using var paying = await PayingStand.OpenAsync(mode);
        paying.WeChat.Faults.CallbackMode = CallbackMode.Twice;
        var orderNo = await paying.ReserveAsync();
        await paying.WeChat.PayAsync(orderNo);
        Assert.Equal([204, 204], paying.WeChat.Callbacks.Select(callback => callback.Status));
        await paying.Stand.UntilAsync(orderNo, OrderState.Charging);
        Assert.Equal(204, await paying.WeChat.TellPaidAsync(orderNo));
        Assert.Equal(200, (await paying.Stand.ChargeAsync(orderNo)).Code);
        await paying.CheckAsync();
    }

    [Fact]
    public async Task A_callback_before_the_prepay_is_answered_starts_the_charge()
    {
        await using var paying = await PayingStand.OpenAsync();
        paying.WeChat.Faults.PaidBeforePrepayAnswer = true;
        var orderNo = await paying.ReserveAsync();
        await paying.Stand.UntilAsync(orderNo, OrderState.Charging);
        await paying.CheckAsync();
    }

    [Fact]
    public async Task Without_any_callback_the_question_finds_the_payment()
    {
        await using var paying = await PayingStand.OpenAsync();
        (paying.WeChat.Faults.CallbackMode, paying.WeChat.Faults.LaggingQueries) = (CallbackMode.Never, 2);
        var orderNo = await paying.ReserveAsync();
        await paying.WeChat.PayAsync(orderNo);
        Assert.Equal(200, (await paying.Stand.WhileAsync(paying.Stand.ChargeAsync(orderNo))).Code);
        await paying.CheckAsync();
    }

    [Fact]
    public async Task A_callback_after_the_rider_has_left_sends_the_money_back_once()
    {
        await using var paying = await PayingStand.OpenAsync();
        paying.WeChat.Faults.CallbackMode = CallbackMode.AfterClose;
        var orderNo = await paying.ReserveAsync();
        await paying.WeChat.PayAsync(orderNo);
        Assert.Equal(200, (await paying.Stand.LeaveAsync()).Code);
        await paying.Stand.UntilAsync(orderNo, OrderState.Refunded);
        await Retry.Until("the callback came", () => paying.WeChat.Callbacks.Count == 1);
        Assert.Equal(204, paying.WeChat.Callbacks.Single().Status);
        Assert.Equal(0, paying.WeChat.Books.BalanceFen);
        await paying.CheckAsync();
    }

    [Fact]
    public async Task A_payment_through_a_service_of_the_operators_own_is_taken_up_too()
    {
        await using var paying = await PayingStand.OpenAsync();
        var orderNo = await paying.Stand.ReserveAsync();
        await paying.WeChat.PayElsewhereAsync(orderNo, 101);
        await paying.Stand.UntilAsync(orderNo, OrderState.Charging);
        await paying.CheckAsync();
    }

    /// <summary>Nobody was to make that payment, so nobody was asked about it; what was paid goes back all the same.</summary>
    [Fact]
    public async Task A_payment_of_an_order_that_was_left_and_is_not_asked_about_goes_back_by_its_callback()
    {
        await using var paying = await PayingStand.OpenAsync(settings: "--Charging:Payment:OwnPaymentService=false");
        var orderNo = await paying.Stand.ReserveAsync();
        Assert.Equal(200, (await paying.Stand.LeaveAsync()).Code);
        await Retry.Until("it is done with", async () => await paying.DueAsync(DueKind.Close, orderNo) is null);
        Assert.Empty(paying.WeChat.Calls);

        await paying.WeChat.PayElsewhereAsync(orderNo, 101);

        await paying.PassUntilAsync("it went back", async () => (await paying.Stand.OrderAsync(orderNo)).State == OrderState.Refunded);
        await paying.CheckAsync();
    }

    [Fact]
    public async Task A_top_up_is_credited_by_its_callback_once()
    {
        await using var paying = await PayingStand.OpenAsync();
        paying.WeChat.Faults.CallbackMode = CallbackMode.Twice;
        var orderNo = (await paying.Stand.Rider.NewTopUpAsync("20.00")).Data!.Value.GetString()!;
        await paying.PrepayAsync(orderNo, 2000);
        await paying.WeChat.PayAsync(orderNo);
        Assert.Equal(2000, await paying.BalanceAsync());
        Assert.Equal(200, (await paying.Stand.Rider.CreditAsync(orderNo, 20)).Code);
        Assert.Equal(2000, await paying.BalanceAsync());
        await paying.CheckAsync();
    }

    [Fact]
    public async Task A_signed_callback_with_another_amount_than_was_ordered_credits_nothing()
    {
        await using var paying = await PayingStand.OpenAsync();
        var orderNo = (await paying.Stand.Rider.NewTopUpAsync("20.00")).Data!.Value.GetString()!;
        await paying.PrepayAsync(orderNo, 2000);
        paying.WeChat.Faults.CallbackMode = CallbackMode.Never;
        await paying.WeChat.PayAsync(orderNo);
        paying.WeChat.Faults.Callbacks = Lie.OtherAmount;
        Assert.Equal(204, await paying.WeChat.TellPaidAsync(orderNo));
        Assert.Equal(0, await paying.BalanceAsync());
    }

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task What_cannot_be_verified_is_refused_and_has_no_effect(Lie lie)
    {
        await using var paying = await PayingStand.OpenAsync();
        var orderNo = await paying.ReserveAsync();
        paying.WeChat.Faults.CallbackMode = CallbackMode.Never;
        await paying.WeChat.PayAsync(orderNo);
        paying.WeChat.Faults.Callbacks = lie;
        Assert.Equal(401, await paying.WeChat.TellPaidAsync(orderNo));
        Assert.Equal(OrderState.Reserved, (await paying.Stand.OrderAsync(orderNo)).State);

        paying.WeChat.Faults.Callbacks = Lie.None;
        // It is told again after 15 seconds.
        paying.Stand.Clock.Advance(TimeSpan.FromSeconds(15));
        await paying.Stand.UntilAsync(orderNo, OrderState.Charging);
        await paying.CheckAsync();
    }

    [Fact]
    public async Task The_bytes_of_an_old_callback_are_refused_after_five_minutes()
    {
        await using var paying = await PayingStand.OpenAsync();
        var orderNo = await paying.ReserveAsync();
        await paying.WeChat.PayAsync(orderNo);
        var callback = paying.WeChat.Callbacks.Single();
        await paying.Stand.UntilAsync(orderNo, OrderState.Charging);
        await paying.Stand.PassAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(204, await paying.WeChat.ReplayAsync(callback));
        await paying.Stand.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(401, await paying.WeChat.ReplayAsync(callback));
        await paying.CheckAsync();
    }

    [Fact]
    public async Task A_callback_of_a_refund_is_none_of_a_payment()
    {
        await using var paying = await PayingStand.OpenAsync();
        var orderNo = await paying.ReserveAsync();
        await paying.WeChat.PayAsync(orderNo);
        var callback = paying.WeChat.Callbacks.Single();
        Assert.Equal(401, await paying.WeChat.ReplayAsync(callback with { Path = "/wechat/pay/refund-notify" }));
    }

    [Fact]
    public async Task A_payment_that_the_server_does_not_know_is_an_operators_matter_and_is_told_again()
    {
        await using var paying = await PayingStand.OpenAsync();
        paying.Stand.App.ExpectError("by hand");
        await paying.WeChat.PayElsewhereAsync("201912040000999999", 101);
        Assert.Equal(404, paying.WeChat.Callbacks.Single().Status);
    }

    [Fact]
    public async Task A_refund_that_takes_its_time_is_done_when_its_callback_comes()
    {
        await using var paying = await PayingStand.OpenAsync();
        paying.WeChat.Faults.RefundTakes = TimeSpan.FromSeconds(10);
        paying.Stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.PlugFault };
        var orderNo = await paying.ReserveAsync();
        await paying.WeChat.PayAsync(orderNo);
        await Retry.Until("the refund is under way", () => paying.WeChat.Books.Refund($"{orderNo}R1") is not null);
        await Retry.Until("that is known", async () => await paying.DueAsync(DueKind.Refund, $"{orderNo}R1") is { LeasedBy: null, Tries: 1 });
        paying.Stand.Clock.Advance(TimeSpan.FromSeconds(10));
        // It would be asked again after 30 seconds.
        await paying.Stand.UntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal(0, paying.WeChat.Books.BalanceFen);
        await paying.CheckAsync();
    }

    [Theory]
    [InlineData("/wechat/pay/notify")]
    [InlineData("/wechat/pay/refund-notify")]
    public async Task Garbage_is_refused(string path)
    {
        await using var paying = await PayingStand.OpenAsync();
        foreach (var body in new[] { "", "{}", "null", "[]", "{\"resource\":1}", new string('x', 64 * 1024) })
            Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync(paying, path, body));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PostAsync(paying, path, new string('x', (64 * 1024) + 1)));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PostAsync(paying, path, new string('x', 70_000), isChunked: true));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await paying.Stand.App.Http.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task While_no_certificate_can_be_had_WeChat_is_asked_to_come_again()
    {
        await using var paying = await PayingStand.OpenAsync();
        var orderNo = await paying.ReserveAsync();
        paying.WeChat.Faults.Break(Outage.ServerError, WeChatCall.Certificates);
        paying.WeChat.RotateCertificate();
        await paying.Stand.PassAsync(TimeSpan.FromMinutes(2));
        await paying.WeChat.PayAsync(orderNo);
        Assert.Equal(503, paying.WeChat.Callbacks.Single().Status);
        paying.WeChat.Faults.Mend();
        paying.Stand.Clock.Advance(TimeSpan.FromSeconds(15));
        await Retry.Until("it came again", () => paying.WeChat.Callbacks.Any(callback => callback.Status == 204));
        await paying.Stand.UntilAsync(orderNo, OrderState.Charging);
        await paying.CheckAsync();
    }

    [Fact]
    public async Task While_the_store_cannot_serve_WeChat_is_asked_to_come_again()
    {
        var store = new StoppableStore();
        await using var paying = await PayingStand.OpenAsync(SigningMode.Certificates, store.Use);
        var orderNo = await paying.ReserveAsync();
        store.IsStopped = true;
        await paying.WeChat.PayAsync(orderNo);
        Assert.Equal(503, paying.WeChat.Callbacks.Single().Status);
        store.IsStopped = false;
        paying.Stand.Clock.Advance(TimeSpan.FromSeconds(15));
        await paying.Stand.UntilAsync(orderNo, OrderState.Charging);
        await paying.CheckAsync();
    }

    [Fact]
    public async Task There_are_no_callbacks_while_the_sandbox_takes_the_money()
    {
        await using var app = await ChargingApp.StartAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await app.Http.PostAsync("/wechat/pay/notify", new StringContent("{}"))).StatusCode);
    }

    private static async Task<HttpStatusCode> PostAsync(PayingStand paying, string path, string body, bool isChunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = isChunked;
        foreach (var (name, value) in new[] { ("Wechatpay-Serial", "1"), ("Wechatpay-Signature", "1"), ("Wechatpay-Timestamp", "1575428820"), ("Wechatpay-Nonce", "1") })
            request.Headers.Add(name, value);
        using var response = await paying.Stand.App.Http.SendAsync(request);
        return response.StatusCode;
    }
}
