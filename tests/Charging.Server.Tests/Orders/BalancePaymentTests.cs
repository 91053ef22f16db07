using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Server.Tests.Attack;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>payWithBalance: one debit, one start, and nothing lost when there is no power.</summary>
public sealed class BalancePaymentTests
{
    [Fact]
    public async Task A_charge_is_paid_from_the_balance_and_the_rest_goes_back_there()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        Assert.Equal((200, "成功"), await stand.PayWithBalanceAsync(orderNo, 1) is var answer ? (answer.Code, answer.Message) : default);
        Assert.Equal(4, await stand.Rider.BalanceAsync());
        Assert.Equal((3, 2, 1d), await stand.NewestAsync() is var listed
            ? (listed.GetProperty("orderTag").GetInt32(), listed.GetProperty("cmdStatus").GetInt32(), listed.GetProperty("amount").GetDouble())
            : default);
        await stand.PassAsync(TimeSpan.FromHours(1));
        stand.Pile.BatteryFull(2);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal(4.75, await stand.Rider.BalanceAsync());
        Assert.Equal(0.75, (await stand.DetailAsync(orderNo)).GetProperty("refunded").GetDouble());
        Assert.Empty(stand.App.Provider.Refunds);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Fifty_calls_at_once_debit_once_and_start_one_charge_and_a_later_one_has_the_same_outcome()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => stand.PayWithBalanceAsync(orderNo)));
        Assert.All(answers, answer => Assert.Equal(200, answer.Code));
        Assert.Equal((1, 3.99), (stand.Pile.StartsObeyed(orderNo), await stand.Rider.BalanceAsync()));
        stand.Pile.EndCharge(2, EndReason.Full);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal(200, (await stand.PayWithBalanceAsync(orderNo)).Code);
        Assert.Equal(403, (await stand.PayWithBalanceAsync(orderNo, 1.02)).Code);
        Assert.Equal((1, 5d), (stand.Pile.StartsObeyed(orderNo), await stand.Rider.BalanceAsync()));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_balance_that_is_too_small_is_3007_and_the_reservation_stays()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        Assert.Equal((3007, "余额不足"), await stand.PayWithBalanceAsync(orderNo, 5.01) is var answer ? (answer.Code, answer.Message) : default);
        Assert.Equal((OrderState.Reserved, OrderTag.Phone), await stand.OrderAsync(orderNo) is var order ? (order.State, order.Tag) : default);
        await stand.Rider.TopUpAsync(0.01);
        Assert.Equal(200, (await stand.PayWithBalanceAsync(orderNo, 5.01)).Code);
        Assert.Equal(0, await stand.Rider.BalanceAsync());
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Only_the_callers_order_for_this_plug_and_its_fixed_amount_is_taken()
    {
        await using var stand = await OpenAsync();
        var second = await stand.App.AddPileAsync();
        var other = await stand.App.RegisterAsync();
        await other.TopUpAsync(5);
        await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });
        Assert.True((await stand.Pile.SwipeAsync(6, "2577522B")).Accepted);
        var byCard = (await stand.NewestAsync()).GetProperty("orderNo").GetString()!;
        var orderNo = await stand.ReserveAsync();
        await ChangeAsync(stand, orderNo, order => order with { PrepaidFen = 102 });

        Assert.Equal(403, (await stand.PayWithBalanceAsync(orderNo, 1.02, by: other)).Code);
        Assert.Equal(403, (await stand.PayWithBalanceAsync(orderNo, 1.02, plug: 3)).Code);
        Assert.Equal(403, (await stand.Rider.PayWithBalanceAsync(second.Options.DeviceNo, "02", orderNo, 1.02)).Code);
        Assert.Equal(403, (await stand.PayWithBalanceAsync(orderNo, 1.01)).Code);
        Assert.Equal(403, (await stand.PayWithBalanceAsync(byCard, 1, plug: 6)).Code);
        Assert.Equal(403, (await stand.PayWithBalanceAsync("201912040000009999")).Code);
        Assert.Equal(3003, (await stand.Rider.PayWithBalanceAsync("FFFFFFFFFF", "02", orderNo, 1.02)).Code);
        Assert.Equal(OrderState.Reserved, (await stand.OrderAsync(orderNo)).State);
        Assert.Equal((4d, 5d), (await stand.Rider.BalanceAsync(), await other.BalanceAsync()));
        Assert.Equal(200, (await stand.PayWithBalanceAsync(orderNo, 1.02)).Code);
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData("""{"deviceNo":"$D","plug":"02"}""")]
    [InlineData("""{"deviceNo":"$D","plug":"02","amount":1.01}""")]
    [InlineData("""{"deviceNo":"$D","plug":"02","orderNo":"$O"}""")]
    [InlineData("""{"deviceNo":"$D","plug":"02","orderNo":"$O","amount":0}""")]
    [InlineData("""{"deviceNo":"$D","plug":"02","orderNo":"$O","amount":1.001}""")]
    [InlineData("""{"plug":"02","orderNo":"$O","amount":1.01}""")]
    public async Task What_is_not_whole_is_403_and_lets_no_plug_go(string body)
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        var text = $$"""{"body":{{body.Replace("$D", stand.Device).Replace("$O", orderNo)}} }""";
        Assert.Equal(403, (await stand.Rider.PostAsync("payWithBalance", text)).Code);
        Assert.Equal(403, (await stand.Rider.PostAsync("payWithBalance", "{}")).Code);
        Assert.Equal(OrderState.Reserved, (await stand.OrderAsync(orderNo)).State);
    }

    [Fact]
    public async Task A_start_that_fails_puts_the_money_back_once()
    {
        await using var stand = await OpenAsync();
        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.NothingConnected };
        var orderNo = await stand.ReserveAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => stand.PayWithBalanceAsync(orderNo)));
        Assert.All(answers, answer => Assert.Equal((4000, $"订单号【{orderNo}】开启失败，请联系客服"), (answer.Code, answer.Message)));
        Assert.Equal(4000, (await stand.PayWithBalanceAsync(orderNo)).Code);
        Assert.Equal(5, await stand.Rider.BalanceAsync());
        Assert.Equal((OrderState.Refunded, 0), (((await stand.OrderAsync(orderNo)).State), await stand.SeeAsync()));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_pile_that_never_answers_is_4000_and_the_money_goes_back_when_it_says_that_it_does_not_charge()
    {
        await using var stand = await OpenAsync();
        stand.Pile.Faults = new PileFaults { Silent = true };
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(4000, (await stand.WhileAsync(stand.PayWithBalanceAsync(orderNo))).Code);
        Assert.Equal(3.99, await stand.Rider.BalanceAsync());
        stand.Pile.Faults = new PileFaults();
        await stand.PassUntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal(5, await stand.Rider.BalanceAsync());
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_offline_pile_is_3004_and_the_money_is_back_at_once()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        stand.Pile.CutLink();
        await Retry.Until("the pile is offline", async () => (await stand.Rider.SeeAsync(stand.Device)).Data!.Value.GetProperty("status").GetInt32() == 0);
        Assert.Equal(3004, (await stand.PayWithBalanceAsync(orderNo)).Code);
        Assert.Equal(5, await stand.Rider.BalanceAsync());
        Assert.Equal(3004, (await stand.PayWithBalanceAsync(orderNo)).Code);
        Assert.Equal(OrderState.Refunded, (await stand.OrderAsync(orderNo)).State);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_order_that_expired_or_was_left_is_revived_while_its_plug_is_free()
    {
        await using var stand = await OpenAsync();
        var expired = await stand.ReserveAsync();
        await stand.PassAsync(TimeSpan.FromMinutes(4));
        await stand.UntilAsync(expired, OrderState.Expired);
        Assert.Equal(200, (await stand.PayWithBalanceAsync(expired)).Code);
        var left = await stand.ReserveAsync(3);
        await stand.LeaveAsync(3);
        Assert.Equal(200, (await stand.PayWithBalanceAsync(left, plug: 3)).Code);
        Assert.Equal(2.98, await stand.Rider.BalanceAsync());
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_order_whose_plug_is_gone_is_4000_and_nothing_is_debited()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        await stand.PassAsync(TimeSpan.FromMinutes(4));
        var other = await stand.App.RegisterAsync();
        var taken = await stand.ReserveAsync(by: other);
        foreach (var amount in new[] { 1.01, 9 })
            Assert.Equal(4000, (await stand.PayWithBalanceAsync(orderNo, amount)).Code);
        Assert.Equal((5d, OrderState.Expired), (await stand.Rider.BalanceAsync(), (await stand.OrderAsync(orderNo)).State));
        // The other one's time runs out too, and then the plug is free for whoever pays first.
        await stand.PassAsync(TimeSpan.FromMinutes(4));
        Assert.Equal(200, (await stand.PayWithBalanceAsync(orderNo)).Code);
        Assert.Equal(OrderState.Expired, (await stand.OrderAsync(taken)).State);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task What_the_provider_was_paid_for_takes_no_debit_and_goes_on()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.BeginAsync();
        Assert.Equal(200, (await stand.PayWithBalanceAsync(orderNo)).Code);
        Assert.Equal(403, (await stand.PayWithBalanceAsync(orderNo, 1)).Code);
        Assert.Equal((5d, OrderTag.Phone, 1), (await stand.Rider.BalanceAsync(), (await stand.OrderAsync(orderNo)).Tag, stand.Pile.StartsObeyed(orderNo)));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task What_was_paid_at_the_provider_as_well_goes_back_there()
    {
        await using var stand = await OpenAsync("--Charging:Payment:OwnPaymentService=true");
        var orderNo = await stand.ReserveAsync();
        stand.App.Provider.Pay(orderNo, 101);
        Assert.Equal(200, (await stand.PayWithBalanceAsync(orderNo)).Code);
        await Retry.Until("the payment at the provider went back", async () => (await stand.OrderAsync(orderNo)).RefundedFen == 101);
        Assert.Equal(101, stand.App.Provider.Refunds[$"{orderNo}R1"]);
        Assert.Equal((3.99, OrderState.Charging), (await stand.Rider.BalanceAsync(), (await stand.OrderAsync(orderNo)).State));
        Assert.Equal(200, (await stand.ChargeAsync(orderNo)).Code);
        stand.Pile.EndCharge(2, EndReason.Full);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal((5d, 202), (await stand.Rider.BalanceAsync(), (await stand.OrderAsync(orderNo)).RefundedFen));
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData(101)]
    [InlineData(500)]
    public async Task A_payment_that_is_learnt_of_later_goes_back_once_however_often_it_is_told(long fen)
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        await stand.PayWithBalanceAsync(orderNo);
        await Retry.Until("the provider was told to close", () => DueAsync(stand, orderNo).ContinueWith(due => due.Result is null, TaskScheduler.Default));
        stand.App.Provider.Pay(orderNo, fen);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => TellAsync(stand, orderNo, fen)));
        await Retry.Until("it went back", async () => (await stand.OrderAsync(orderNo)).RefundedFen == fen);
        await TellAsync(stand, orderNo, fen);
        Assert.Equal((1, fen), (stand.App.Provider.Refunds.Count, stand.App.Provider.Refunds[$"{orderNo}R1"]));
        Assert.Equal((101, fen, 0), await stand.OrderAsync(orderNo) is var order ? (order.PaidFen, order.SurplusFen, order.OwedFen) : default);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Whichever_payment_is_first_counts_and_the_other_goes_back()
    {
        await using var stand = await OpenAsync();
        for (var plug = 1; plug <= 5; plug++)
        {
            var orderNo = await stand.ReserveAsync(plug);
            var calls = Enumerable.Range(0, 20).Select(n => n % 2 == 0 ? stand.PayWithBalanceAsync(orderNo, 1, plug) : stand.ChargeAsync(orderNo, 1, plug));
            Assert.All(await Task.WhenAll(calls), answer => Assert.Equal(200, answer.Code));
            Assert.Equal(1, stand.Pile.StartsObeyed(orderNo));
            stand.Pile.EndCharge(plug, EndReason.Full);
            await stand.UntilAsync(orderNo, OrderState.Settled);
            var paidThere = stand.App.Provider.Payments.GetValueOrDefault(orderNo);
            await Retry.Until("all of it is back", async () => await stand.OrderAsync(orderNo) is { OwedFen: 0 } order
                && order.RefundedFen == (order.Tag == OrderTag.Balance ? 100 + paidThere : 100));
        }
        Assert.Equal(5, await stand.Rider.BalanceAsync());
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_payment_before_the_server_stopped_starts_when_the_pile_is_heard_again_and_the_surplus_goes_back_then()
    {
        var provider = new AwkwardProvider { Confirms = true, ClosesSlowly = true };
        await using var stand = await Stand.OpenAsync(configure: provider.Use, settings: "--Charging:Payment:OwnPaymentService=true");
        await stand.Rider.TopUpAsync(5);
        var orderNo = await stand.ReserveAsync();
        provider.Paid[orderNo] = 101;
        Assert.Equal(200, (await stand.PayWithBalanceAsync(orderNo)).Code);
        await Retry.Until("the provider is asked to close", () => provider.Closing > 0);
        provider.ClosesSlowly = false;
        await stand.App.RestartAsync();
        await stand.App.WaitUntilOnlineAsync(stand.Pile);
        await Retry.Until("the payment at the provider went back", async () => (await stand.OrderAsync(orderNo)).RefundedFen == 101);
        Assert.Equal(101, provider.Refunds[$"{orderNo}R1"]);
        Assert.Equal(200, (await stand.PayWithBalanceAsync(orderNo)).Code);
        Assert.Equal((3.99, 1), (await stand.Rider.BalanceAsync(), stand.Pile.StartsObeyed(orderNo)));
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task A_balance_may_be_wanted_by_many_orders_at_once_and_never_falls_below_zero()
    {
        await using var stand = await OpenAsync();
        await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });
        var orderNo = await stand.ReserveAsync();
        var payments = Enumerable.Range(0, 10).Select(_ => stand.PayWithBalanceAsync(orderNo, 4.5));
        var swipes = Enumerable.Range(3, 6).Select(plug => stand.Pile.SwipeAsync(plug, "2577522B"));
        var answers = Task.WhenAll(payments);
        var decisions = await Task.WhenAll(swipes);
        Assert.All(await answers, answer => Assert.Contains(answer.Code, new[] { 200, 3007 }));
        Assert.InRange(decisions.Count(decision => decision.Accepted), 0, 5);
        Assert.InRange(await stand.Rider.BalanceAsync(), 0, 0.5);
        await stand.CheckAsync();
    }

    private static async Task<Stand> OpenAsync(params string[] settings)
    {
        var stand = await Stand.OpenAsync(settings: settings);
        await stand.Rider.TopUpAsync(5);
        return stand;
    }

    private static Task<DueRow?> DueAsync(Stand stand, string orderNo) =>
        StoreOf(stand).RunAsync(tx => tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Surplus, orderNo)));

    /// <summary>What a callback does.</summary>
    private static Task<bool> TellAsync(Stand stand, string orderNo, long fen) =>
        StoreOf(stand).RunAsync(tx => stand.App.Services.GetRequiredService<PaymentEffects>().TakeUpAsync(tx, orderNo, fen));

    private static Task ChangeAsync(Stand stand, string orderNo, Func<Order, Order> change) => StoreOf(stand).RunAsync(async tx =>
    {
        tx.Put(OrderTables.Orders, change((await tx.GetAsync(OrderTables.Orders, orderNo))!));
        return true;
    });

    private static IStore StoreOf(Stand stand) => stand.App.Services.GetRequiredService<IStore>();
}
