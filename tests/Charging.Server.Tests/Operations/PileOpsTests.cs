using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.PileSimulator;
using Charging.Server.Piles;
using Charging.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using OrderState = Charging.Server.Orders.OrderState;

namespace Charging.Server.Tests.Operations;

/// <summary>Piles: changed, told what to do, and retired.</summary>
public sealed class PileOpsTests
{
    [Fact]
    public async Task A_pile_is_told_and_its_answer_is_waited_for()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        var piles = new PileService.PileServiceClient(app.AsOperator());
        foreach (var command in new[] { PileCommand.ReportStatus, PileCommand.SetTime })
        {
            var answer = await piles.SendPileCommandAsync(new SendPileCommandRequest { DeviceNo = pile.Options.DeviceNo, Command = command });
            Assert.Equal((command, PileCommandOutcome.Done), (command, answer.Outcome));
        }
        var audit = await new AuditService.AuditServiceClient(app.AsOperator()).ListAuditAsync(new ListAuditRequest { Subject = $"pile:{pile.Options.DeviceNo}" });
        Assert.Equal(["SetTime: Done.", "ReportStatus: Done."], audit.Entries.Select(entry => entry.Outcome));

        pile.CutPower();
        await Retry.Until("the pile is gone", () => !app.Services.GetRequiredService<Board>().IsOnline(DeviceNo.Parse(pile.Options.DeviceNo)));
        Assert.Equal(PileCommandOutcome.NotConnected, (await piles.SendPileCommandAsync(new SendPileCommandRequest { DeviceNo = pile.Options.DeviceNo, Command = PileCommand.Reboot })).Outcome);
    }

    [Fact]
    public async Task A_plug_that_charges_is_stopped_and_its_charge_settled()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(2);
        var piles = new PileService.PileServiceClient(stand.App.AsOperator());
        var answer = await piles.SendPileCommandAsync(new SendPileCommandRequest { DeviceNo = stand.Device, Command = PileCommand.StopPlug, Plug = 2 });
        Assert.Equal(PileCommandOutcome.Due, answer.Outcome);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        var refusal = await Assert.ThrowsAsync<RpcException>(
            () => piles.SendPileCommandAsync(new SendPileCommandRequest { DeviceNo = stand.Device, Command = PileCommand.StopPlug, Plug = 3 }).ResponseAsync);
        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task The_rating_of_a_pile_counts_for_orders_that_are_made_from_then_on()
    {
        await using var stand = await Stand.OpenAsync();
        var piles = new PileService.PileServiceClient(stand.App.AsOperator());
        var before = await stand.ReserveAsync(2);
        Assert.Equal(7000, (await piles.UpdatePileAsync(new UpdatePileRequest { DeviceNo = stand.Device, RatedPowerW = 7000 })).Pile.RatedPowerW);
        var after = await stand.ReserveAsync(3);
        Assert.Equal((null, 7000), ((await stand.OrderAsync(before)).RatedPowerW, (await stand.OrderAsync(after)).RatedPowerW));

        Assert.Equal(3500, (await piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = ChargingApp.NewDeviceNo() })).Pile.RatedPowerW);
        Assert.Equal(200, (await piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = ChargingApp.NewDeviceNo(), RatedPowerW = 200 })).Pile.RatedPowerW);
        foreach (var watts in new[] { 0, -1, 100_001 })
        {
            var refusal = await Assert.ThrowsAsync<RpcException>(() => piles.UpdatePileAsync(new UpdatePileRequest { DeviceNo = stand.Device, RatedPowerW = watts }).ResponseAsync);
            Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        }
    }

    [Fact]
    public async Task A_change_touches_what_is_set_and_no_plug_with_an_order_goes()
    {
        await using var stand = await Stand.OpenAsync();
        await new StationService.StationServiceClient(stand.App.AsOperator()).AddStationAsync(new AddStationRequest { StationId = "gate", Name = "Gate" });
        var piles = new PileService.PileServiceClient(stand.App.AsOperator());
        await stand.ReserveAsync(9);
        var refusal = await Assert.ThrowsAsync<RpcException>(() => piles.UpdatePileAsync(new UpdatePileRequest { DeviceNo = stand.Device, PlugCount = 8 }).ResponseAsync);
        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
        refusal = await Assert.ThrowsAsync<RpcException>(() => piles.UpdatePileAsync(new UpdatePileRequest { DeviceNo = stand.Device, StationId = "nowhere" }).ResponseAsync);
        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);

        var pile = (await piles.UpdatePileAsync(new UpdatePileRequest { DeviceNo = stand.Device, StationId = "gate", Name = "one" })).Pile;
        Assert.Equal((10, "gate", "one", Ops.V1.PlugNumbers.Decimal), (pile.PlugCount, pile.StationId, pile.Name, pile.PlugNumbers));
        pile = (await piles.UpdatePileAsync(new UpdatePileRequest { DeviceNo = stand.Device, StationId = "", PlugCount = 9, PlugNumbers = Ops.V1.PlugNumbers.Hex })).Pile;
        Assert.Equal((9, "", "one", Ops.V1.PlugNumbers.Hex), (pile.PlugCount, pile.StationId, pile.Name, pile.PlugNumbers));
        Assert.Equal(1, await stand.SeeAsync(9));
    }

    [Fact]
    public async Task A_retired_pile_takes_nobody_ends_its_charges_and_is_cut_off()
    {
        await using var stand = await Stand.OpenAsync();
        var charging = await stand.BeginAsync(2);
        var reserved = await stand.ReserveAsync(3);
        var piles = new PileService.PileServiceClient(stand.App.AsOperator());

        var pile = (await piles.RetirePileAsync(new RetirePileRequest { DeviceNo = stand.Device, Reason = "sold" })).Pile;

        Assert.NotNull(pile.RetiredAt);
        Assert.Equal(OrderState.Cancelled, (await stand.OrderAsync(reserved)).State);
        Assert.Equal(3003, (await stand.Rider.ReserveAsync(stand.Device, "04")).Code);
        Assert.Equal(3003, (await stand.Rider.SeeAsync(stand.Device)).Code);
        await stand.UntilAsync(charging, OrderState.Settled);
        await stand.App.AdvanceUntil("the pile is cut off", () => !stand.Pile.IsConnected, TimeSpan.FromSeconds(1));
        await stand.CheckAsync();
        Assert.Empty((await piles.ListPilesAsync(new ListPilesRequest())).Piles);
        Assert.Single((await piles.ListPilesAsync(new ListPilesRequest { IncludeRetired = true })).Piles);
        Assert.Null(stand.App.Services.GetRequiredService<IPileListener>().Authenticate(DeviceNo.Parse(stand.Device), stand.Pile.Options.Secret));

        await piles.RetirePileAsync(new RetirePileRequest { DeviceNo = stand.Device, Reason = "again" });
        Assert.NotEmpty((await piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = stand.Device })).Secret);
        Assert.Null(stand.App.Services.GetRequiredService<IPileListener>().Authenticate(DeviceNo.Parse(stand.Device), stand.Pile.Options.Secret));
    }

    [Fact]
    public async Task What_a_retired_pile_does_not_stop_is_settled_after_ten_minutes()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(2);
        stand.Pile.CutPower();
        await new PileService.PileServiceClient(stand.App.AsOperator()).RetirePileAsync(new RetirePileRequest { DeviceNo = stand.Device, Reason = "burnt" });
        await stand.App.AdvanceUntil("the charge is settled", () => stand.OrderAsync(orderNo).GetAwaiter().GetResult().State == OrderState.Settled, TimeSpan.FromSeconds(5));
        await stand.CheckAsync();
    }
}
