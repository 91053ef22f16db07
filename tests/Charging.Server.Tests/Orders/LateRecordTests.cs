using Charging.Device.V1;
using Charging.Ops.V1;
using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Order = Charging.Server.Orders.Order;
using OrderState = Charging.Server.Orders.OrderState;
using PlugState = Charging.Device.V1.PlugState;
using User = Charging.Server.Accounts.User;

namespace Charging.Server.Tests.Orders;

/// <summary>End records that come after the charge was given up: an antenna that was off is no free charge (docs/money.md).</summary>
public sealed class LateRecordTests
{
    private const string Collect = "--Charging:Payment:CollectDebts=true";

    [Fact]
    public async Task A_charge_on_a_pile_out_of_reach_is_settled_by_its_end_record_when_it_is_back()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await LoseAsync(stand);
        var lost = await stand.OrderAsync(orderNo);
        Assert.Equal((0, 10, Order.Lost), (lost.UsedFen, lost.RefundedFen + lost.OwedFen, lost.Trouble));

        stand.Pile.RestoreLink();
        await Retry.Until("the record is there", async () => (await stand.OrderAsync(orderNo)).LateRecordAt is not null);

        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((OrderState.Settled, 1440, EndReason.LimitReached, Order.LostCharged), (order.State, order.Seconds, order.EndReason, order.Trouble));
        Assert.Equal((0, new Debt(10)), (order.UsedFen, order.Debt));
        var user = await UserAsync(stand);
        Assert.Equal([orderNo], user.Debts!);
        Assert.Equal(1, user.LostCharges);
        Assert.Equal(0.1, (await stand.DetailAsync(orderNo)).GetProperty("owed").GetDouble());
        var shown = (await Users(stand).GetUserAsync(new GetUserRequest { Phone = stand.Rider.Phone })).User;
        Assert.Equal((10, 1), (shown.DebtFen, shown.LostCharges));
        var pile = (await new PileService.PileServiceClient(stand.App.AsOperator()).GetPileAsync(new GetPileRequest { DeviceNo = stand.Device })).Pile;
        Assert.Equal([0, 1, 0], pile.Plugs.Take(3).Select(plug => plug.LostCharges));
        // Nobody has said that it may be taken.
        await stand.Rider.TopUpAsync(1);
        Assert.Equal(1, await stand.Rider.BalanceAsync());
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_debt_is_taken_at_the_next_top_ups_and_never_more_than_there_is()
    {
        await using var stand = await Stand.OpenAsync(settings: Collect);
        var orderNo = await LoseAsync(stand);
        stand.Pile.RestoreLink();
        await Retry.Until("the record is there", async () => (await stand.OrderAsync(orderNo)).Debt is not null);

        await stand.Rider.TopUpAsync(0.04);
        Assert.Equal((0d, new Debt(10, 4, 1)), (await stand.Rider.BalanceAsync(), (await stand.OrderAsync(orderNo)).Debt));
        await stand.CheckAsync();
        await stand.Rider.TopUpAsync(0.5);
        Assert.Equal((0.44, new Debt(10, 10, 2)), (await stand.Rider.BalanceAsync(), (await stand.OrderAsync(orderNo)).Debt));
        Assert.Null((await UserAsync(stand)).Debts);
        Assert.False((await stand.DetailAsync(orderNo)).TryGetProperty("owed", out _));
        await stand.Rider.TopUpAsync(0.5);
        Assert.Equal(0.94, await stand.Rider.BalanceAsync());

        var timeline = await Orders(stand).GetOrderTimelineAsync(new GetOrderTimelineRequest { OrderNo = orderNo });
        Assert.Equal([4, 6], timeline.Entries.Where(entry => entry.Text.StartsWith("Taken from the rider's balance", StringComparison.Ordinal)).Select(entry => entry.AmountFen));
        Assert.Empty(await new LedgerTail(LedgerMark.None).CheckAsync(stand.App.Services.GetRequiredService<IStore>(), () => Task.CompletedTask));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task What_was_owed_before_the_phone_may_have_changed_hands_is_not_taken_until_the_owner_is_back()
    {
        await using var stand = await Stand.OpenAsync(settings: Collect);
        var orderNo = await LoseAsync(stand);
        stand.Pile.RestoreLink();
        await Retry.Until("the record is there", async () => (await stand.OrderAsync(orderNo)).Debt is not null);
        await LockAsync(stand, new OwnershipLock(DateTimeOffset.MaxValue, "owner", 0, 0));

        await stand.Rider.TopUpAsync(0.5);
        Assert.Equal((0.5, new Debt(10)), (await stand.Rider.BalanceAsync(), (await stand.OrderAsync(orderNo)).Debt));

        await LockAsync(stand, null);
        await stand.Rider.TopUpAsync(0.5);
        Assert.Equal((0.9, new Debt(10, 10, 1)), (await stand.Rider.BalanceAsync(), (await stand.OrderAsync(orderNo)).Debt));
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData("boot-2", 0)]
    [InlineData("", 0)]
    [InlineData("boot-1", 25)]
    public async Task A_record_of_another_boot_or_of_another_day_is_kept_and_settles_nothing(string boot, int hours)
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await ForgetAsync(stand, pile);
        await BackdateAsync(stand, orderNo, TimeSpan.FromHours(hours));
        await pile.RaiseAsync(1, raised => (raised.BootId, raised.ChargeEnded) = (boot, Ended(orderNo, 3600)));
        await pile.AckedAsync(1);

        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((0, 0, null, Order.LostCharged), (order.Seconds, order.UsedFen, order.Debt, order.Trouble));
        Assert.Equal(new Reading(3600, 180, 180), order.Reported);
        Assert.Equal(25, (await Orders(stand).GetOrderAsync(new GetOrderRequest { OrderNo = orderNo })).Order.Reported.UsedFen);
        Assert.Equal((null, 1), await UserAsync(stand) is var user ? (user.Debts, user.LostCharges) : default);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_record_that_cannot_be_settles_nothing_however_early_it_comes()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await ForgetAsync(stand, pile);
        await pile.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 43_200));
        await pile.RaiseAsync(2, raised => raised.ChargeEnded = Ended(orderNo, 3600));
        await pile.AckedAsync(1);
        await pile.AckedAsync(2);

        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((0, null, Order.ImpossibleRecord), (order.Seconds, order.Debt, order.Trouble));
        Assert.Equal(43_200u, order.Reported!.Value.Seconds);
        Assert.Equal(0, (await UserAsync(stand)).LostCharges);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_charge_whose_payment_went_back_whole_keeps_its_record_and_nothing_is_owed()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        Assert.Equal(4000, (await stand.WhileAsync(stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 1))).Code);
        for (var minute = 0; minute < 12; minute += 2)
        {
            stand.Clock.Advance(TimeSpan.FromMinutes(2));
            await pile.SendAsync(new PileTelemetry { BootId = pile.BootId });
        }
        await stand.UntilAsync(orderNo, OrderState.Refunded);
        await BackdateAsync(stand, orderNo, TimeSpan.FromHours(1));
        await pile.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 3600));
        await pile.AckedAsync(1);

        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((OrderState.Refunded, 100, null, Order.LostCharged), (order.State, order.RefundedFen, order.Debt, order.Trouble));
        Assert.Equal((new Reading(3600, 180, 180), 25), (order.Reported!.Value, order.ReportedUsage()!.Value.Fen));
        Assert.Equal(1, (await UserAsync(stand)).LostCharges);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task What_is_owed_is_forgiven_within_the_limits_of_the_key()
    {
        await using var stand = await Stand.OpenAsync(settings: [Collect, "--Charging:Operations:OperatorRefundFen=8"]);
        var orderNo = await LoseAsync(stand);
        stand.Pile.RestoreLink();
        await Retry.Until("the record is there", async () => (await stand.OrderAsync(orderNo)).Debt is not null);
        await stand.Rider.TopUpAsync(0.01);
        var request = new ResolveOrderRequest { OrderNo = orderNo, Reason = "the pile is known for it", ForgiveDebt = true };

        var lowKey = new OrderService.OrderServiceClient(await stand.App.AsAsync(Role.Operator));
        var refusal = await Assert.ThrowsAsync<RpcException>(() => lowKey.ResolveOrderAsync(request).ResponseAsync);
        Assert.Equal(StatusCode.PermissionDenied, refusal.StatusCode);

        var order = (await Orders(stand).ResolveOrderAsync(request)).Order;
        Assert.Equal((1, 1, ""), (order.DebtFen, order.CollectedFen, order.Trouble));
        Assert.Null((await UserAsync(stand)).Debts);
        refusal = await Assert.ThrowsAsync<RpcException>(() => Orders(stand).ResolveOrderAsync(request).ResponseAsync);
        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
        await stand.Rider.TopUpAsync(1);
        Assert.Equal(1, await stand.Rider.BalanceAsync());
        await stand.CheckAsync();
    }

    /// <summary>A charge that its pile goes on with out of reach, until it is over by its own limit and by the server's patience.</summary>
    private static async Task<string> LoseAsync(Stand stand)
    {
        var orderNo = await stand.BeginAsync(amount: "0.10");
        stand.Pile.CutLink();
        await stand.PassAsync(TimeSpan.FromSeconds(1440 + 601));
        await stand.UntilAsync(orderNo, OrderState.Settled);
        return orderNo;
    }

    /// <summary>A charge that its pile does not know of after an hour.</summary>
    private static async Task<string> ForgetAsync(Stand stand, RawPile pile)
    {
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        var call = stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 1);
        await pile.AnswerAsync(await pile.HearAsync(command => command.StartCharge is not null));
        Assert.Equal(200, (await call).Code);
        await BackdateAsync(stand, orderNo, TimeSpan.FromHours(1));
        stand.Clock.Advance(TimeSpan.FromMinutes(1));
        await pile.ReportAsync(new PlugStatus { Plug = 2, State = PlugState.Connected });
        await pile.HearAsync(command => command.ReportStatus is not null);
        stand.Clock.Advance(LostCharges.Patience);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        return orderNo;
    }

    /// <summary>Moves what has happened to an order back in time.</summary>
    private static Task BackdateAsync(Stand stand, string orderNo, TimeSpan time) => stand.App.Services.GetRequiredService<IStore>().RunAsync(async tx =>
    {
        var order = (await tx.GetAsync(OrderTables.Orders, orderNo))!;
        tx.Put(OrderTables.Orders, order with { PaidAt = order.PaidAt - time, StartedAt = order.StartedAt - time, LostAt = order.LostAt - time });
        return true;
    });

    private static ChargeEnded Ended(string orderNo, uint seconds) =>
        new() { OrderNo = orderNo, Plug = 2, Seconds = seconds, EnergyWh = seconds / 20, MaxPowerW = 180, Reason = EndReason.Full };

    private static async Task LockAsync(Stand stand, OwnershipLock? locked)
    {
        var user = await UserAsync(stand) with { Lock = locked };
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx =>
        {
            tx.Put(AccountTables.Users, user);
            return ValueTask.FromResult(true);
        });
    }

    private static async Task<User> UserAsync(Stand stand) =>
        (await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(AccountTables.Users, AccountTables.Key(1))))!;

    private static OrderService.OrderServiceClient Orders(Stand stand) => new(stand.App.AsOperator());

    private static UserService.UserServiceClient Users(Stand stand) => new(stand.App.AsOperator());
}
