using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>How charges end (device-protocol.md, What the server does).</summary>
public sealed class EndTests
{
    [Theory]
    [InlineData(EndReason.Full)]
    [InlineData(EndReason.LimitReached)]
    [InlineData(EndReason.Unplugged)]
    [InlineData(EndReason.UserStop)]
    [InlineData(EndReason.Overload)]
    [InlineData(EndReason.OverTemperature)]
    [InlineData(EndReason.Fault)]
    public async Task A_charge_ends_when_its_pile_says_so(EndReason reason)
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        await stand.PassAsync(TimeSpan.FromMinutes(2));
        stand.Pile.EndCharge(2, reason);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((reason, 120, 6), (order.EndReason, order.Seconds, order.EnergyWh));
        Assert.Equal("0小时2分", (await stand.NewestAsync()).GetProperty("elapsedTime").GetString());
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_charge_ends_at_its_limit_without_the_server()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(amount: "0.01");
        stand.Pile.CutLink();
        await stand.PassAsync(TimeSpan.FromSeconds(150));
        stand.Pile.RestoreLink();
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal((EndReason.LimitReached, 144), ((await stand.OrderAsync(orderNo)).EndReason, (await stand.OrderAsync(orderNo)).Seconds));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_power_cut_ends_the_charge_when_the_power_is_back()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        stand.Pile.CutPower();
        await stand.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        stand.Pile.RestorePower();
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal(EndReason.PowerLoss, (await stand.OrderAsync(orderNo)).EndReason);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_charge_that_the_pile_forgot_is_lost_after_five_minutes_and_the_unknown_use_goes_back()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(amount: 1);
        await stand.PassAsync(TimeSpan.FromMinutes(31));
        await stand.ForgetAsync(orderNo);
        await stand.PassAsync(TimeSpan.FromSeconds(290));
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        await stand.PassAsync(TimeSpan.FromSeconds(15));
        await stand.UntilAsync(orderNo, OrderState.Settled);

        var order = await stand.OrderAsync(orderNo);
        // Progress is stored every five minutes, at a heartbeat.
        Assert.InRange(order.Seconds, 1440, 1860);
        Assert.Equal("LOST", order.Trouble);
        await Retry.Until("the rest went back", async () => (await stand.OrderAsync(orderNo)).RefundedFen > 0);
        Assert.Equal(100 - (100 * order.Seconds / 14_400), stand.App.Provider.Refunds[$"{orderNo}R1"]);

        stand.Pile.Faults = new PileFaults();
        stand.Pile.SendStatus();
        await stand.Pile.WaitForCommandAsync(command => command.StopCharge?.OrderNo == orderNo);
        await stand.Pile.WaitUntilAsync("stopped", pile => pile.Plug(2).State == PlugState.Finished);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_charge_whose_end_record_never_comes_is_settled_by_the_last_status()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        var call = stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 1);
        await pile.AnswerAsync(await pile.HearAsync(command => command.StartCharge is not null));
        Assert.Equal(200, (await call).Code);
        stand.Clock.Advance(TimeSpan.FromMinutes(6));
        await pile.ReportAsync(new PlugStatus { Plug = 2, State = PlugState.Finished, OrderNo = orderNo, ElapsedSeconds = 288, EnergyWh = 14 });
        await pile.HearAsync(command => command.ReportStatus is not null);
        stand.Clock.Advance(TimeSpan.FromMinutes(5));
        await stand.UntilAsync(orderNo, OrderState.Settled);
        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((288, 14, "LOST"), (order.Seconds, order.EnergyWh, order.Trouble));
        await Retry.Until("the rest went back", async () => (await stand.OrderAsync(orderNo)).RefundedFen == 98);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_pile_that_remembers_in_time_keeps_its_charge()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        await stand.PassAsync(TimeSpan.FromMinutes(2));
        await stand.ForgetAsync(orderNo);
        await stand.PassAsync(TimeSpan.FromMinutes(4));
        stand.Pile.Faults = new PileFaults();
        stand.Pile.SendStatus();
        await stand.PassAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_status_that_is_settled_after_a_newer_one_changes_nothing()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        await stand.PassAsync(TimeSpan.FromMinutes(2));
        await stand.ForgetAsync(orderNo);
        await SettleAsync(new PlugStatus { Plug = 2, State = PlugState.Charging, OrderNo = orderNo, ElapsedSeconds = 60 });
        Assert.NotNull(await stand.MissedAsync(orderNo));

        stand.Pile.Faults = new PileFaults();
        stand.Pile.SendStatus();
        await Retry.Until("the charge is there again", async () => await stand.MissedAsync(orderNo) is null);
        await SettleAsync(new PlugStatus { Plug = 2, State = PlugState.Connected });
        Assert.Null(await stand.MissedAsync(orderNo));
        await stand.CheckAsync();

        Task SettleAsync(PlugStatus plug) =>
            stand.App.Services.GetRequiredService<StatusCheck>().SettleAsync(DeviceNo.Parse(stand.Device), [plug]);
    }

    [Fact]
    public async Task A_charge_on_a_pile_that_stays_away_is_over_ten_minutes_past_its_limit()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(amount: "0.10");
        // Progress is stored every five minutes, as the statuses come.
        var minutes = 0;
        for (; (await stand.OrderAsync(orderNo)).Seconds == 0; minutes++)
            await stand.PassAsync(TimeSpan.FromMinutes(1));
        stand.Pile.CutPower();
        await stand.PassAsync(TimeSpan.FromSeconds(1440 + 600 - (60 * minutes) - 1));
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        await stand.PassAsync(TimeSpan.FromSeconds(2));
        await stand.UntilAsync(orderNo, OrderState.Settled);
        var order = await stand.OrderAsync(orderNo);
        Assert.InRange(order.Seconds, 1, 60 * minutes);
        await Retry.Until("the rest went back", async () => (await stand.OrderAsync(orderNo)).RefundedFen == 10 - (10 * order.Seconds / 1440));

        // The pile's own record comes far too late, and of another boot: it is kept.
        stand.Pile.RestorePower();
        await stand.Pile.WaitUntilAsync("heard out", pile => pile.IsConnected && pile.Unacknowledged.Count == 0);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_pile_that_charges_past_the_limit_is_stopped()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        var call = stand.Rider.ChargeAsync(pile.Device, "02", orderNo, "0.01");
        await pile.AnswerAsync(await pile.HearAsync(command => command.StartCharge is not null));
        await call;
        for (var minute = 0; minute < 13; minute++)
        {
            stand.Clock.Advance(TimeSpan.FromMinutes(1));
            await pile.ReportAsync(new PlugStatus { Plug = 2, State = PlugState.Charging, OrderNo = orderNo, ElapsedSeconds = 60 });
        }
        var stop = await pile.HearAsync(command => command.StopCharge?.OrderNo == orderNo);
        await pile.AnswerAsync(stop);
        await pile.RaiseAsync(1, raised => raised.ChargeEnded = new ChargeEnded { OrderNo = orderNo, Plug = 2, Seconds = 780 });
        await stand.UntilAsync(orderNo, OrderState.Settled);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_charge_is_not_over_because_its_pile_has_just_connected_and_said_nothing_yet()
    {
        await using var stand = await Stand.OpenAsync();
        var device = ChargingApp.NewDeviceNo();
        var secret = await RawPile.RegisterAsync(stand.App, device);
        var orderNo = "";
        await using (var pile = await RawPile.ConnectAsync(stand.App, device, secret))
        {
            await pile.ReportAsync(new PlugStatus { Plug = 2, State = PlugState.Connected });
            orderNo = (await stand.Rider.ReserveAsync(device, "02")).Data!.Value.GetString()!;
            var call = stand.Rider.ChargeAsync(device, "02", orderNo, "0.01");
            await pile.AnswerAsync(await pile.HearAsync(command => command.StartCharge is not null));
            await call;
        }
        stand.Clock.Advance(TimeSpan.FromSeconds(144 + 599));
        await using var again = await RawPile.ConnectAsync(stand.App, device, secret);
        stand.Clock.Advance(TimeSpan.FromSeconds(2));
        await Retry.Until("it was looked after", async () => (await DueAsync(stand, orderNo)) is { Kind: DueKind.Overdue, Tries: 1 });
        await again.RaiseAsync(1, raised => raised.ChargeEnded = new ChargeEnded { OrderNo = orderNo, Plug = 2, Seconds = 144, Reason = EndReason.LimitReached });
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal((144, null), (await stand.OrderAsync(orderNo)) is var order ? (order.Seconds, order.Trouble) : default);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_charge_that_nobody_ordered_is_stopped()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        await pile.ReportAsync(new PlugStatus { Plug = 4, State = PlugState.Charging, OrderNo = "201901010000000001" });
        Assert.Equal(4u, (await pile.HearAsync(command => command.StopCharge?.OrderNo == "201901010000000001")).StopCharge.Plug);
        await pile.RaiseAsync(1, raised => raised.ChargeStarted = new ChargeStarted { OrderNo = "201901010000000002", Plug = 5 });
        Assert.Equal(5u, (await pile.HearAsync(command => command.StopCharge?.OrderNo == "201901010000000002")).StopCharge.Plug);
        await stand.CheckAsync();
    }

    private static Task<DueRow?> DueAsync(Stand stand, string orderNo) =>
        stand.App.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Overdue, orderNo)));
}
