using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Testing;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>A paid order whose pile does not charge: what the caller is told, and how the money goes back (contract section 7).</summary>
public sealed class StartFailureTests
{
    [Theory]
    [InlineData(RejectReason.NothingConnected)]
    [InlineData(RejectReason.PlugBusy)]
    [InlineData(RejectReason.Expired)]
    [InlineData(RejectReason.ClockNotSet)]
    public async Task A_rejected_start_is_4000_and_the_money_goes_back(RejectReason reason)
    {
        await using var stand = await Stand.OpenAsync();
        stand.Pile.Faults = new PileFaults { RejectStarts = reason };
        var orderNo = await stand.ReserveAsync();
        var answer = await stand.ChargeAsync(orderNo);
        Assert.Equal((4000, $"订单号【{orderNo}】开启失败，请联系客服"), (answer.Code, answer.Message));
        Assert.Equal(0, await stand.SeeAsync());
        await stand.UntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal(101, stand.App.Provider.Refunds[$"{orderNo}R1"]);
        Assert.Equal(4000, (await stand.ChargeAsync(orderNo)).Code);
        Assert.Equal(3, (await stand.NewestAsync()).GetProperty("cmdStatus").GetInt32());
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_pile_that_refuses_a_start_for_its_wrong_time_gets_the_right_one_for_the_next()
    {
        await using var stand = await Stand.OpenAsync();
        // As a node would say whose own clock is wrong.
        var now = stand.Clock.GetUtcNow();
        await stand.App.Services.GetRequiredService<IPileLink>().SendAsync(DeviceNo.Parse(stand.Device), new Command
        {
            CommandId = "time-of-another",
            IssuedAt = now.ToTimestamp(),
            ExpiresAt = (now + TimeSpan.FromSeconds(15)).ToTimestamp(),
            SetTime = new SetTime { Now = (now + TimeSpan.FromSeconds(30)).ToTimestamp() },
        });
        var refused = await stand.ReserveAsync();
        Assert.Equal(4000, (await stand.ChargeAsync(refused)).Code);
        await stand.UntilAsync(refused, OrderState.Refunded);

        await Retry.Until("it has the right time", async () =>
        {
            var next = await stand.ReserveAsync();
            return (await stand.ChargeAsync(next)).Code == 200;
        });
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData("rejects the start at last")]
    [InlineData("confirms the stop")]
    [InlineData("refuses the stop, having no such order")]
    [InlineData("reports a status without the order")]
    public async Task A_silent_pile_is_4000_and_the_money_goes_back_when_it(string speaks)
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await FailAsync(stand, pile);

        var stop = await pile.HearAsync(command => command.StopCharge?.OrderNo == orderNo);
        Assert.Equal(2u, stop.StopCharge.Plug);
        if (speaks == "rejects the start at last")
            await pile.AnswerAsync(pile.Received.First(command => command.StartCharge is not null), RejectReason.NothingConnected);
        else if (speaks == "confirms the stop")
            await pile.AnswerAsync(stop);
        else if (speaks == "refuses the stop, having no such order")
            await pile.AnswerAsync(stop, RejectReason.OrderMismatch);
        else
        {
            stand.Clock.Advance(TimeSpan.FromSeconds(40));
            await pile.ReportAsync(new PlugStatus { Plug = 2, State = PlugState.Connected });
        }
        await stand.UntilAsync(orderNo, OrderState.Refunding, OrderState.Refunded);
        await stand.UntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal(4000, (await stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 1.01)).Code);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_silent_pile_that_goes_away_costs_the_rider_ten_minutes()
    {
        await using var stand = await Stand.OpenAsync();
        stand.Pile.Faults = new PileFaults { Silent = true };
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(4000, (await stand.WhileAsync(stand.ChargeAsync(orderNo))).Code);
        stand.Pile.CutLink();
        await stand.PassAsync(TimeSpan.FromSeconds(580));
        Assert.Equal(OrderState.StartFailed, (await stand.OrderAsync(orderNo)).State);
        Assert.Equal(1, await stand.SeeAsync());
        await stand.PassAsync(TimeSpan.FromSeconds(20));
        await stand.UntilAsync(orderNo, OrderState.Refunded);
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_start_that_comes_after_the_money_went_back_is_stopped(bool byEvent)
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await FailAsync(stand, pile);
        await pile.AnswerAsync(await pile.HearAsync(command => command.StopCharge is not null), RejectReason.OrderMismatch);
        await stand.UntilAsync(orderNo, OrderState.Refunded);

        if (byEvent)
            await pile.RaiseAsync(1, raised => raised.ChargeStarted = new ChargeStarted { OrderNo = orderNo, Plug = 2 });
        else
            await pile.AnswerAsync(pile.Received.First(command => command.StartCharge is not null));
        await Retry.Until("it is stopped again", () => pile.Received.Count(command => command.StopCharge?.OrderNo == orderNo) == 2);
        Assert.Equal(OrderState.Refunded, (await stand.OrderAsync(orderNo)).State);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_pile_that_obeyed_unheard_is_stopped_when_it_is_back_and_the_money_goes_back()
    {
        await using var stand = await Stand.OpenAsync();
        stand.Pile.Faults = new PileFaults { StartDelay = TimeSpan.FromSeconds(1) };
        var orderNo = await stand.ReserveAsync();
        var call = stand.ChargeAsync(orderNo);
        await stand.Pile.WaitForCommandAsync(command => command.StartCharge is not null);
        stand.Pile.CutLink();
        Assert.Equal(4000, (await stand.WhileAsync(call)).Code);
        Assert.Equal(PlugState.Charging, stand.Pile.Plug(2).State);
        stand.Pile.RestoreLink();
        await stand.App.WaitUntilOnlineAsync(stand.Pile);
        // The stop is sent again by then; what follows takes no time of the clock.
        await stand.PassAsync(TimeSpan.FromSeconds(31));
        await stand.UntilAsync(orderNo, OrderState.Refunded);
        await stand.Pile.WaitUntilAsync("stopped", pile => pile.Plug(2).State == PlugState.Finished);
        Assert.True(stand.Clock.GetUtcNow() - Stand.Beginning < TimeSpan.FromMinutes(3));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_offline_pile_is_3004_and_the_money_goes_back()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.PassAsync(TimeSpan.FromSeconds(100));
        var orderNo = await stand.ReserveAsync();
        stand.Pile.CutLink();
        await Retry.Until("the pile is offline", async () => (await stand.Rider.SeeAsync(stand.Device)).Data!.Value.GetProperty("status").GetInt32() == 0);
        Assert.Equal(3004, (await stand.ChargeAsync(orderNo)).Code);
        await stand.UntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal(3004, (await stand.ChargeAsync(orderNo)).Code);
        Assert.Equal(0, (await stand.NewestAsync()).GetProperty("cmdStatus").GetInt32());
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData("expired", true)]
    [InlineData("expired", false)]
    [InlineData("left", true)]
    [InlineData("left", false)]
    [InlineData("newer", true)]
    public async Task An_order_that_was_paid_after_its_end_is_revived_if_the_plug_is_free(string end, bool free)
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.ReserveAsync();
        if (end == "left")
            await stand.LeaveAsync();
        else if (end == "newer")
            await stand.ReserveAsync(3);
        else
            await stand.PassUntilAsync(orderNo, OrderState.Expired);
        if (!free)
            await stand.ReserveAsync(by: await stand.App.RegisterAsync());
        // While the order is being closed, whoever learns of the payment first decides, and the closing sends it back.
        await Retry.Until("the order is closed at the provider", async () => await stand.App.Services.GetRequiredService<IStore>().RunAsync(
            tx => tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Close, orderNo))) is null);

        Assert.Equal(free ? 200 : 4000, (await stand.ChargeAsync(orderNo)).Code);
        await stand.UntilAsync(orderNo, free ? OrderState.Charging : OrderState.Refunded);
        Assert.Equal(free ? 1 : 0, stand.Pile.StartsObeyed(orderNo));
        await stand.CheckAsync();
    }

    /// <summary>A start that the pile does not answer, and that is sent twice under one id.</summary>
    private static async Task<string> FailAsync(Stand stand, RawPile pile)
    {
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        var answer = await stand.WhileAsync(stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 1.01));
        Assert.Equal((4000, $"订单号【{orderNo}】开启失败，请联系客服"), (answer.Code, answer.Message));
        await Retry.Until("the start came twice", () => pile.Received.Count(command => command.StartCharge is not null) == 2);
        Assert.Single(pile.Received.Where(command => command.StartCharge is not null).Select(command => command.CommandId).Distinct());
        Assert.Equal(OrderState.StartFailed, (await stand.OrderAsync(orderNo)).State);
        Assert.Equal(1, (await stand.Rider.SeeAsync(pile.Device)).Data!.Value.GetProperty("plugs")[1].GetInt32());
        return orderNo;
    }
}
