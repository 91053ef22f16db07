using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>mobilePaymentCharging and the provider: what counts as paid (contract section 7).</summary>
public sealed class PaymentTests
{
    public static TheoryData<string, int> Amounts => new()
    {
        { "1.01", 101 }, { "\"1.01\"", 101 }, { "3.3000000000000003", 330 }, { "\"3.30\"", 330 }, { "1000", 100_000 }, { "1e2", 10_000 },
        { "0.01", 1 }, { "\"0.010\"", 1 }, { "0.1", 10 }, { "0.29", 29 }, { "1.0000000099", 100 }, { "\"1000\"", 100_000 }, { "5", 500 },
        { "0.001", 0 }, { "\"NaN\"", 0 }, { "\"Infinity\"", 0 }, { "1e400", 0 }, { "-1.01", 0 }, { "0", 0 }, { "1000.01", 0 }, { "1001", 0 },
        { "\"1e2\"", 0 }, { "\" 1\"", 0 }, { "\"1,01\"", 0 }, { "\"-1\"", 0 }, { "\"\"", 0 }, { "true", 0 }, { "[1]", 0 }, { "{}", 0 },
        { "1.011", 0 }, { "\"1.011\"", 0 }, { "1e-400", 0 }, { "1e300", 0 }, { "\"99999999999999999999999999999999\"", 0 }, { "null", 0 },
    };

    [Theory]
    [MemberData(nameof(Amounts))]
    public async Task An_amount_is_yuan_with_two_decimals(string amount, int fen)
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.ReserveAsync();
        var body = $$"""{"body":{"deviceNo":"{{stand.Device}}","plug":"02","orderNo":"{{orderNo}}","amount":{{amount}} } }""";
        var answer = await stand.Rider.PostAsync("mobilePaymentCharging", body);
        Assert.Equal(fen > 0 ? 200 : 403, answer.Code);
        Assert.Equal(fen, (await stand.OrderAsync(orderNo)).PaidFen);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_unpaid_order_is_asked_about_for_eight_seconds_and_stays_reserved()
    {
        var provider = new AskedProvider();
        await using var stand = await Stand.OpenAsync(configure: provider.Use);
        provider.Now = stand.Clock.GetUtcNow;
        var orderNo = await stand.ReserveAsync();
        var answer = await stand.WhileAsync(stand.ChargeAsync(orderNo), TimeSpan.FromSeconds(0.05));
        Assert.Equal((403, "订单未支付"), (answer.Code, answer.Message));
        Assert.Equal([0, 1, 2, 4, 8], provider.Askings.Select(at => (int)(at - provider.Askings.First()).TotalSeconds));
        Assert.Equal(OrderState.Reserved, (await stand.OrderAsync(orderNo)).State);
        Assert.Equal(orderNo, await stand.ReserveAsync());
    }

    [Fact]
    public async Task A_payment_that_the_provider_learns_of_late_is_found()
    {
        await using var stand = await Stand.OpenAsync();
        stand.App.Provider.Mode = SandboxMode.ConfirmLater;
        var orderNo = await stand.ReserveAsync();
        // The clock goes only as far as the third asking, so that the pile has all the time that it needs.
        var call = stand.ChargeAsync(orderNo);
        await stand.App.AdvanceUntil("the payment was found", () => stand.App.Provider.Payments.ContainsKey(orderNo), TimeSpan.FromSeconds(0.1));
        Assert.Equal(200, (await call).Code);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_silent_provider_is_5000_and_the_reservation_stays()
    {
        await using var stand = await Stand.OpenAsync();
        stand.App.Provider.Mode = SandboxMode.Silent;
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(5000, (await stand.WhileAsync(stand.ChargeAsync(orderNo))).Code);
        stand.App.Provider.Mode = SandboxMode.Confirm;
        Assert.Equal(200, (await stand.ChargeAsync(orderNo)).Code);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Another_amount_than_the_providers_is_403_and_the_providers_goes_back()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.ReserveAsync();
        stand.App.Provider.Pay(orderNo, 500);
        for (var times = 0; times < 3; times++)
        {
            var answer = await stand.ChargeAsync(orderNo, 1.01);
            Assert.Equal((403, "参数错误"), (answer.Code, answer.Message));
        }
        await stand.UntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal(500, stand.App.Provider.Refunds[$"{orderNo}R1"]);
        Assert.Equal(0, await stand.SeeAsync());
        Assert.Equal(0, stand.Pile.StartsObeyed(orderNo));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Fifty_calls_at_once_start_one_charge_and_a_later_one_has_the_same_outcome()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.ReserveAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => stand.ChargeAsync(orderNo)));
        Assert.All(answers, answer => Assert.Equal(200, answer.Code));
        Assert.Equal(1, stand.Pile.StartsObeyed(orderNo));
        stand.Pile.BatteryFull(2);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal(200, (await stand.ChargeAsync(orderNo)).Code);
        Assert.Equal(403, (await stand.ChargeAsync(orderNo, 1.02)).Code);
        Assert.Equal(1, stand.Pile.StartsObeyed(orderNo));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Fifty_calls_at_once_that_fail_refund_once()
    {
        await using var stand = await Stand.OpenAsync();
        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.NothingConnected };
        var orderNo = await stand.ReserveAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => stand.ChargeAsync(orderNo)));
        Assert.All(answers, answer => Assert.Equal(4000, answer.Code));
        await stand.UntilAsync(orderNo, OrderState.Refunded);
        Assert.Single(stand.App.Provider.Refunds);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Only_the_callers_order_for_this_plug_is_taken()
    {
        await using var stand = await Stand.OpenAsync();
        var second = await stand.App.AddPileAsync();
        var other = await stand.App.RegisterAsync();
        var orderNo = await stand.ReserveAsync();
        var topUp = await stand.Rider.TopUpAsync(1.01);
        Assert.Equal(403, (await stand.ChargeAsync(orderNo, by: other)).Code);
        Assert.Equal(403, (await stand.ChargeAsync(orderNo, plug: 3)).Code);
        Assert.Equal(403, (await stand.Rider.ChargeAsync(second.Options.DeviceNo, "02", orderNo, 1.01)).Code);
        foreach (var number in new[] { topUp, "201912040000009999", new string('1', 33), "２", "a b" })
            Assert.Equal(403, (await stand.ChargeAsync(number)).Code);
        Assert.Equal(OrderState.Reserved, (await stand.OrderAsync(orderNo)).State);
        Assert.DoesNotContain(orderNo, stand.App.Provider.Payments.Keys);
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData("""{"deviceNo":"$D","plug":"02","amount":1.01}""")]
    [InlineData("""{"deviceNo":"$D","plug":"02","orderNo":"$O"}""")]
    [InlineData("""{"deviceNo":"$D","plug":"02","orderNo":"$O","amount":null}""")]
    [InlineData("""{"deviceNo":"$D","plug":"02","orderNo":"","amount":1.01}""")]
    [InlineData("""{"plug":"02"}""")]
    [InlineData("""{"deviceNo":"$D"}""")]
    public async Task One_of_the_two_fields_without_the_other_is_403(string body)
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.ReserveAsync();
        var text = $$"""{"body":{{body.Replace("$D", stand.Device).Replace("$O", orderNo)}} }""";
        Assert.Equal(403, (await stand.Rider.PostAsync("mobilePaymentCharging", text)).Code);
        Assert.Equal(OrderState.Reserved, (await stand.OrderAsync(orderNo)).State);
        await stand.CheckAsync();
    }
}
