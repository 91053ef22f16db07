using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>stopCharging: the rider has had enough, and gets the rest back.</summary>
public sealed class StopTests
{
    [Fact]
    public async Task A_charge_is_stopped_and_what_is_left_goes_back()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(amount: 1);
        await stand.PassAsync(TimeSpan.FromHours(1));
        Assert.Equal((200, "成功"), await stand.Rider.StopAsync(orderNo) is var answer ? (answer.Code, answer.Message) : default);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        await Retry.Until("the rest went back", async () => (await stand.OrderAsync(orderNo)).RefundedFen == 75);
        Assert.Equal(75, stand.App.Provider.Refunds[$"{orderNo}R1"]);
        Assert.Equal((EndReason.RemoteStop, 25), await stand.OrderAsync(orderNo) is var order ? (order.EndReason, order.UsedFen) : default);
        Assert.Equal(200, (await stand.Rider.StopAsync(orderNo)).Code);
        Assert.Equal(1, stand.Pile.Received.Count(command => command.StopCharge is not null));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Twenty_calls_at_once_are_all_told_of_the_one_end()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => stand.Rider.StopAsync(orderNo))), answer => Assert.Equal(200, answer.Code));
        Assert.Equal(OrderState.Settled, (await stand.OrderAsync(orderNo)).State);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_charge_that_ended_by_itself_is_200_and_no_command_goes_out()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        stand.Pile.BatteryFull(2);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal(200, (await stand.Rider.StopAsync(orderNo)).Code);
        Assert.DoesNotContain(stand.Pile.Received, command => command.StopCharge is not null);
    }

    [Fact]
    public async Task What_is_not_the_callers_or_does_not_charge_is_403()
    {
        await using var stand = await Stand.OpenAsync();
        var other = await stand.App.RegisterAsync();
        var charging = await stand.BeginAsync();
        Assert.Equal(403, (await other.StopAsync(charging)).Code);
        var reserved = await stand.ReserveAsync(3);
        Assert.Equal(403, (await stand.Rider.StopAsync(reserved)).Code);
        await stand.LeaveAsync(3);
        Assert.Equal(403, (await stand.Rider.StopAsync(reserved)).Code);
        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.PlugFault };
        var failed = await stand.ReserveAsync(4);
        await stand.ChargeAsync(failed, plug: 4);
        Assert.Equal(403, (await stand.Rider.StopAsync(failed)).Code);
        foreach (var body in new[] { "{}", """{"body":{}}""", """{"body":{"orderNo":""}}""", """{"body":{"orderNo":"a b"}}""", """{"body":{"orderNo":"201912040000009999"}}""" })
            Assert.Equal(403, (await stand.Rider.PostAsync("stopCharging", body)).Code);
        Assert.DoesNotContain(stand.Pile.Received, command => command.StopCharge is not null);
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(charging)).State);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_charge_by_card_can_be_stopped_from_the_phone()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.Rider.TopUpAsync(1);
        await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });
        Assert.True((await stand.Pile.SwipeAsync(6, "2577522B")).Accepted);
        var orderNo = (await stand.NewestAsync()).GetProperty("orderNo").GetString()!;
        await stand.UntilAsync(orderNo, OrderState.Charging);
        Assert.Equal(200, (await stand.Rider.StopAsync(orderNo)).Code);
        await Retry.Until("the balance is back", async () => await stand.Rider.BalanceAsync() == 1);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_pile_that_does_not_stop_in_time_is_4005_and_is_told_again_at_the_next_call()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        stand.Pile.Faults = new PileFaults { Silent = true };
        var before = stand.Clock.GetUtcNow();
        var answer = await stand.WhileAsync(stand.Rider.StopAsync(orderNo));
        Assert.Equal((4005, "停止失败，请重试"), (answer.Code, answer.Message));
        Assert.InRange((stand.Clock.GetUtcNow() - before).TotalSeconds, 10, 15);
        stand.Pile.Faults = new PileFaults();
        // The clock rests: it is the call that sends the next stop, and not its pause of half a minute.
        Assert.Equal(200, (await stand.Rider.StopAsync(orderNo)).Code);
        await stand.CheckAsync();
    }

    /// <summary>For hours: a stop that is only sent for a while would let the charge run to its limit.</summary>
    [Fact]
    public async Task An_offline_pile_is_3004_and_stops_when_it_is_back()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(amount: 1);
        await stand.PassAsync(TimeSpan.FromMinutes(10));
        stand.Pile.CutLink();
        await Retry.Until("the pile is offline", async () => (await stand.Rider.SeeAsync(stand.Device)).Data!.Value.GetProperty("status").GetInt32() == 0);
        Assert.Equal(3004, (await stand.Rider.StopAsync(orderNo)).Code);
        for (var tries = 1; tries <= 101; tries++)
        {
            DueRow? row = null;
            await Retry.Until("it was tried again", async () => (row = await DueAsync(stand, orderNo)) is { LeasedBy: null } && row.Tries == tries);
            stand.Clock.Advance(row!.DueAt - stand.Clock.GetUtcNow());
        }
        stand.Pile.RestoreLink();
        await stand.App.WaitUntilOnlineAsync(stand.Pile);
        await stand.PassUntilAsync(orderNo, OrderState.Settled);
        var order = await stand.OrderAsync(orderNo);
        Assert.Equal(EndReason.RemoteStop, order.EndReason);
        // An hour, and what it takes the pile to be back: far from the four that were paid for.
        Assert.InRange(order.UsedFen, 25, 35);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_stop_that_the_server_died_over_is_sent_after_the_restart()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        stand.Pile.Faults = new PileFaults { Silent = true };
        Assert.Equal(4005, (await stand.WhileAsync(stand.Rider.StopAsync(orderNo))).Code);
        await stand.App.RestartAsync();
        stand.Pile.Faults = new PileFaults();
        await stand.App.WaitUntilOnlineAsync(stand.Pile);
        await stand.PassUntilAsync(orderNo, OrderState.Settled);
        Assert.Equal(EndReason.RemoteStop, (await stand.OrderAsync(orderNo)).EndReason);
        await stand.CheckAsync(knowsBooks: false);
    }

    /// <summary>A pile may claim to charge for one order at two plugs, and is then told to stop at the other.</summary>
    [Fact]
    public async Task A_stop_at_another_plug_does_not_stand_in_for_that_of_the_charge()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        stand.Pile.Faults = new PileFaults { Silent = true };
        var other = new PlugId(DeviceNo.Parse(stand.Device), 9);
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(async tx =>
        {
            await Stops.RequestAsync(tx, orderNo, other);
            return true;
        });
        await Retry.Until("it was sent", async () => await DueAsync(stand, orderNo) is { LeasedBy: null, Tries: 1 });
        stand.Pile.Faults = new PileFaults();
        Assert.Equal(200, (await stand.WhileAsync(stand.Rider.StopAsync(orderNo))).Code);
        Assert.Equal(OrderState.Settled, (await stand.OrderAsync(orderNo)).State);
        await stand.CheckAsync();
    }

    private static Task<DueRow?> DueAsync(Stand stand, string orderNo) => stand.App.Services.GetRequiredService<IStore>().RunAsync(
        tx => tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Stop, orderNo, DeviceNo.Parse(stand.Device))));
}
