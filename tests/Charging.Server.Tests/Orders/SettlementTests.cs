using Charging.Device.V1;
using Charging.Ops.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Testing;
using Xunit;
using Order = Charging.Server.Orders.Order;
using OrderState = Charging.Server.Orders.OrderState;
using PlugState = Charging.Device.V1.PlugState;
using PowerTier = Charging.Server.Orders.PowerTier;
using Tariff = Charging.Server.Orders.Tariff;
using TariffUnit = Charging.Server.Orders.TariffUnit;
using UnusedTo = Charging.Server.Orders.UnusedTo;

namespace Charging.Server.Tests.Orders;

/// <summary>What a charge is billed and what goes back, from the reservation to the last fen.</summary>
public sealed class SettlementTests
{
    private static readonly Tariff ByHour = new() { Name = "hour", ElectricityFen = 80, ServiceFen = 20, LongestSeconds = 43_200 };

    private static readonly Tariff ByPower = new()
    {
        Name = "power",
        Tiers = [new PowerTier(200, 25, 0)],
        ElectricityFen = 50,
        LongestSeconds = 43_200,
    };

    [Theory]
    [InlineData(UnusedTo.Origin)]
    [InlineData(UnusedTo.Balance)]
    public async Task A_charge_that_ends_early_gives_the_rest_back_as_the_tariff_says(UnusedTo to)
    {
        await using var stand = await Stand.OpenAsync();
        await stand.PriceAsync(ByHour with { Unused = to });
        var orderNo = await stand.BeginAsync(amount: 1);
        await stand.PassAsync(TimeSpan.FromMinutes(15));
        stand.Pile.BatteryFull(2);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        await Retry.Until("the rest went back", async () => (await stand.OrderAsync(orderNo)).RefundedFen == 75);
        Assert.Equal((25, 5), await stand.OrderAsync(orderNo) is var order ? (order.UsedFen, order.ServiceFen) : default);
        Assert.Equal(to == UnusedTo.Balance ? 0.75 : 0, await stand.Rider.BalanceAsync());
        Assert.Equal(to == UnusedTo.Balance ? 0 : 75, stand.App.Provider.Refunds.GetValueOrDefault($"{orderNo}R1"));
        await stand.CheckAsync();
    }

    /// <summary>What never began goes back to where it came from, whatever the tariff says of what is not used.</summary>
    [Fact]
    public async Task A_start_that_fails_goes_back_to_its_origin()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.PriceAsync(ByHour with { Unused = UnusedTo.Balance });
        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.PlugFault };
        var orderNo = await stand.ReserveAsync();
        await stand.ChargeAsync(orderNo, 1);
        await stand.UntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal((100, 0d), (stand.App.Provider.Refunds[$"{orderNo}R1"], await stand.Rider.BalanceAsync()));
    }

    [Fact]
    public async Task A_charge_by_card_gives_the_rest_back_to_the_balance()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.Rider.TopUpAsync(1);
        await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });
        Assert.True((await stand.Pile.SwipeAsync(6, "2577522B")).Accepted);
        var orderNo = (await stand.NewestAsync()).GetProperty("orderNo").GetString()!;
        await stand.UntilAsync(orderNo, OrderState.Charging);
        await stand.PassAsync(TimeSpan.FromHours(1));
        stand.Pile.BatteryFull(6);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal(0.75, await stand.Rider.BalanceAsync());
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_offline_pile_ends_a_charge_by_energy_alone_and_all_of_it_was_used()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.PriceAsync(new Tariff { Name = "energy", Unit = TariffUnit.KilowattHour, ElectricityFen = 100, LongestSeconds = 43_200 });
        var orderNo = await stand.BeginAsync(amount: "0.01");
        Assert.Equal((43_200u, 10u), stand.Pile.Received.Single(command => command.StartCharge is not null).StartCharge is var start ? (start.MaxSeconds, start.MaxEnergyWh) : default);
        stand.Pile.CutLink();
        // 10 Wh at 180 W are 200 s.
        await stand.PassAsync(TimeSpan.FromSeconds(300));
        stand.Pile.RestoreLink();
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal((200, 10, EndReason.LimitReached, 1, 0), await stand.OrderAsync(orderNo) is var order
            ? (order.Seconds, order.EnergyWh, order.EndReason, order.UsedFen, order.OwedFen)
            : default);
        Assert.Empty(stand.App.Provider.Refunds);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_price_that_changes_after_the_reservation_does_not_touch_the_order()
    {
        await using var stand = await Stand.OpenAsync();
        var old = await stand.ReserveAsync();
        await stand.PriceAsync(ByHour);
        Assert.Equal(200, (await stand.ChargeAsync(old, 1)).Code);
        var other = await stand.App.RegisterAsync();
        var dear = await stand.ReserveAsync(3, other);
        Assert.Equal(200, (await stand.ChargeAsync(dear, 1, 3, other)).Code);
        await stand.PriceAsync(ByHour with { ElectricityFen = 500 });

        var limits = stand.Pile.Received.Where(command => command.StartCharge is not null).ToDictionary(command => command.StartCharge.OrderNo, command => command.StartCharge.MaxSeconds);
        Assert.Equal((14_400u, 3600u), (limits[old], limits[dear]));
        await stand.PassAsync(TimeSpan.FromMinutes(30));
        foreach (var (orderNo, plug, fen) in new[] { (old, 2, 12), (dear, 3, 50) })
        {
            stand.Pile.BatteryFull(plug);
            await stand.UntilAsync(orderNo, OrderState.Settled);
            Assert.Equal(fen, (await stand.OrderAsync(orderNo)).UsedFen);
        }
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_charge_in_a_dearer_tier_is_stopped_when_it_has_used_up_the_payment()
    {
        await using var stand = await Stand.OpenAsync(new SimulatedPileOptions { DeviceNo = "", Secret = "", PowerW = 300 });
        await stand.PriceAsync(ByPower);
        var orderNo = await stand.BeginAsync(amount: "0.50");
        Assert.Equal(7200u, stand.Pile.Received.Single(command => command.StartCharge is not null).StartCharge.MaxSeconds);
        await stand.PassAsync(TimeSpan.FromMinutes(59));
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        await stand.PassUntilAsync(orderNo, OrderState.Settled);
        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((EndReason.RemoteStop, 50, 0), (order.EndReason, order.UsedFen, order.OwedFen));
        Assert.InRange(order.Seconds, 3600, 3900);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_power_that_rises_is_noticed_and_moves_the_end()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        await stand.PriceAsync(ByPower, pile.Device);
        var orderNo = await StartAsync(stand, pile, 0.5);
        await ReportAsync(stand, pile, orderNo, TimeSpan.FromMinutes(6), 360, 180);
        await ReportAsync(stand, pile, orderNo, TimeSpan.FromMinutes(24), 1800, 300);
        await PassAsync(stand, pile, TimeSpan.FromMinutes(29));
        await pile.ReportAsync(Charging(orderNo, 3540, 300));
        Assert.DoesNotContain(pile.Received, command => command.StopCharge is not null);
        stand.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(orderNo, (await pile.HearAsync(command => command.StopCharge is not null)).StopCharge.OrderNo);
    }

    [Fact]
    public async Task Only_the_first_end_record_counts()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await StartAsync(stand, pile, 1);
        await PassAsync(stand, pile, TimeSpan.FromHours(1));
        for (var times = 1; times <= 2; times++)
        {
            await pile.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 3600));
            await pile.AckedAsync(1, times);
        }
        // The same end again under another number, and with another content.
        await pile.RaiseAsync(2, raised => raised.ChargeEnded = Ended(orderNo, 14_400));
        await pile.RaiseAsync(3, raised => raised.ChargeStarted = new ChargeStarted { OrderNo = orderNo, Plug = 2 });
        await pile.AckedAsync(2);
        await pile.AckedAsync(3);
        await Retry.Until("the rest went back", async () => (await stand.OrderAsync(orderNo)).RefundedFen == 75);
        Assert.Equal((OrderState.Settled, 25, 3600), await stand.OrderAsync(orderNo) is var order ? (order.State, order.UsedFen, order.Seconds) : default);
        Assert.Single(stand.App.Provider.Refunds);
        await stand.CheckAsync();
    }

    /// <summary>The record is the meter's; what was reported on the way was rounded, or wrong. But an hour has passed, and no more.</summary>
    [Theory]
    [InlineData(3650u, 25, null)]
    [InlineData(0u, 0, null)]
    [InlineData(1u, 1, null)]
    [InlineData(7200u, 25, Order.ImpossibleRecord)]
    [InlineData(14_400u, 25, Order.ImpossibleRecord)]
    [InlineData(uint.MaxValue, 25, Order.ImpossibleRecord)]
    public async Task An_end_record_that_contradicts_the_progress_is_believed_as_far_as_it_can_be(uint seconds, long fen, string? trouble)
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await StartAsync(stand, pile, 1);
        await ReportAsync(stand, pile, orderNo, TimeSpan.FromMinutes(60), 3600, 180);
        await pile.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, seconds));
        await pile.AckedAsync(1);
        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((OrderState.Settled, fen, 100 - fen, trouble), (order.State, order.UsedFen, order.OwedFen + order.RefundedFen, order.Trouble));
        var timeline = await new OrderService.OrderServiceClient(stand.App.AsOperator()).GetOrderTimelineAsync(new GetOrderTimelineRequest { OrderNo = orderNo });
        Assert.Equal(trouble is not null, timeline.Entries.Any(entry => entry.Text.StartsWith($"The pile's end record cannot be, and what can be believed counts: {seconds} s, ", StringComparison.Ordinal)));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_glitch_of_the_meter_between_two_samples_costs_nothing_and_is_told()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        await stand.PriceAsync(ByPower with { ElectricityFen = 500 }, pile.Device);
        var orderNo = await StartAsync(stand, pile, 5);
        await ReportAsync(stand, pile, orderNo, TimeSpan.FromMinutes(20), 1200, 180);
        await ReportAsync(stand, pile, orderNo, TimeSpan.FromMinutes(20), 2400, 4_294_967_290);
        await ReportAsync(stand, pile, orderNo, TimeSpan.FromMinutes(20), 3600, 180);
        await pile.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 3600));
        await pile.AckedAsync(1);

        Assert.Equal((25, 180, null), await stand.OrderAsync(orderNo) is var order ? (order.UsedFen, order.MaxPowerW, order.Trouble) : default);
        var timeline = await new OrderService.OrderServiceClient(stand.App.AsOperator()).GetOrderTimelineAsync(new GetOrderTimelineRequest { OrderNo = orderNo });
        Assert.Single(timeline.Entries, entry => entry.Text == "The pile reported what cannot be, and that does not count: 2400 s, 120 Wh, 4294967290 W.");
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_end_record_of_another_plug_or_another_pile_ends_nothing()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        await using var other = await RawPile.OpenAsync(stand.App);
        var orderNo = await StartAsync(stand, pile, 1);
        await pile.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 60, plug: 3));
        await other.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 60));
        await pile.AckedAsync(1);
        await other.AckedAsync(1);
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_end_record_that_comes_before_the_result_settles_and_the_caller_is_told_that_it_charged()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        var call = stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 1);
        var start = await pile.HearAsync(command => command.StartCharge is not null);
        stand.Clock.Advance(TimeSpan.FromSeconds(3));
        await pile.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 3));
        await pile.AckedAsync(1);
        Assert.Equal(200, (await call).Code);
        await pile.AnswerAsync(start);
        await Retry.Until("the rest went back", async () => (await stand.OrderAsync(orderNo)).RefundedFen == 99);
        Assert.Equal(OrderState.Settled, (await stand.OrderAsync(orderNo)).State);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_end_record_that_comes_after_the_charge_was_given_up_moves_no_money()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await StartAsync(stand, pile, 1);
        await ReportAsync(stand, pile, orderNo, TimeSpan.FromMinutes(60), 3600, 180);
        await pile.ReportAsync(new PlugStatus { Plug = 2, State = PlugState.Connected });
        await pile.HearAsync(command => command.ReportStatus is not null);
        stand.Clock.Advance(LostCharges.Patience);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        await pile.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 3800));
        await pile.AckedAsync(1);
        await Retry.Until("the rest went back", async () => (await stand.OrderAsync(orderNo)).RefundedFen == 75);
        Assert.Equal((25, Order.LostCharged, new Debt(1)), await stand.OrderAsync(orderNo) is var order ? (order.UsedFen, order.Trouble, order.Debt) : default);
        await stand.CheckAsync();
    }

    private static ChargeEnded Ended(string orderNo, uint seconds, uint plug = 2) =>
        new() { OrderNo = orderNo, Plug = plug, Seconds = seconds, EnergyWh = seconds / 20, MaxPowerW = 180, Reason = EndReason.Full };

    private static PlugStatus Charging(string orderNo, uint seconds, uint powerW) =>
        new() { Plug = 2, State = PlugState.Charging, OrderNo = orderNo, ElapsedSeconds = seconds, EnergyWh = seconds / 20, PowerW = powerW };

    private static async Task<string> StartAsync(Stand stand, RawPile pile, object amount)
    {
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        var call = stand.Rider.ChargeAsync(pile.Device, "02", orderNo, amount);
        await pile.AnswerAsync(await pile.HearAsync(command => command.StartCharge is not null));
        return (await call).Code == 200 ? orderNo : throw new InvalidOperationException($"{orderNo} does not charge.");
    }

    /// <summary>Lets time pass, while the pile says often enough that it is there.</summary>
    private static async Task PassAsync(Stand stand, RawPile pile, TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= TimeSpan.FromMinutes(2))
        {
            stand.Clock.Advance(left < TimeSpan.FromMinutes(2) ? left : TimeSpan.FromMinutes(2));
            await pile.SendAsync(new PileTelemetry { BootId = pile.BootId });
        }
    }

    /// <summary>Lets time pass, and has the pile say how far the charge has come, which the store then knows.</summary>
    private static async Task ReportAsync(Stand stand, RawPile pile, string orderNo, TimeSpan later, uint seconds, uint powerW)
    {
        await PassAsync(stand, pile, later);
        await pile.ReportAsync(Charging(orderNo, seconds, powerW));
        await Retry.Until($"{seconds} s are stored", async () => (await stand.OrderAsync(orderNo)).Seconds == seconds);
    }
}
