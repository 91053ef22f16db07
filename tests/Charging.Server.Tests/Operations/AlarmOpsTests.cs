using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.Server.Piles;
using Charging.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>Alarms as operators see them.</summary>
public sealed class AlarmOpsTests
{
    [Fact]
    public async Task What_was_raised_stays_until_it_is_cleared()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        var alarms = new AlarmService.AlarmServiceClient(app.AsOperator());
        pile.RaiseAlarm(AlarmCode.Smoke, 2, raised: true);
        await pile.WaitUntilAsync("the alarm was heard", it => it.Unacknowledged.Count == 0);
        var id = $"{pile.Options.DeviceNo}-02-Smoke";
        var alarm = (await alarms.ListAlarmsAsync(new ListAlarmsRequest())).Alarms.Single();
        Assert.Equal((id, 2, AlarmCode.Smoke, AlarmState.Open), (alarm.AlarmId, alarm.Plug, alarm.Code, alarm.State));
        Assert.NotNull(alarm.RaisedAt);

        var acknowledged = (await alarms.AcknowledgeAlarmAsync(new AcknowledgeAlarmRequest { AlarmId = id, Reason = "on the way" })).Alarm;
        Assert.Equal((AlarmState.Acknowledged, "operator.key"), (acknowledged.State, acknowledged.AcknowledgedBy));
        // Said once more, it is still taken care of.
        pile.RaiseAlarm(AlarmCode.Smoke, 2, raised: true);
        await pile.WaitUntilAsync("the alarm was heard", it => it.Unacknowledged.Count == 0);
        Assert.Single((await alarms.ListAlarmsAsync(new ListAlarmsRequest { State = AlarmState.Acknowledged, DeviceNo = pile.Options.DeviceNo })).Alarms);

        pile.RaiseAlarm(AlarmCode.Smoke, 2, raised: false);
        await pile.WaitUntilAsync("the alarm was heard", it => it.Unacknowledged.Count == 0);
        Assert.Empty((await alarms.ListAlarmsAsync(new ListAlarmsRequest())).Alarms);
        var cleared = (await alarms.ListAlarmsAsync(new ListAlarmsRequest { State = AlarmState.Cleared })).Alarms.Single();
        Assert.Equal("operator.key", cleared.AcknowledgedBy);
        Assert.NotNull(cleared.ClearedAt);
        Assert.Equal(StatusCode.FailedPrecondition, await RefusedAsync(() => alarms.AcknowledgeAlarmAsync(new AcknowledgeAlarmRequest { AlarmId = id }).ResponseAsync));

        // Raised anew, it is open again.
        pile.RaiseAlarm(AlarmCode.Smoke, 2, raised: true);
        await pile.WaitUntilAsync("the alarm was heard", it => it.Unacknowledged.Count == 0);
        Assert.Equal((AlarmState.Open, ""), (await alarms.ListAlarmsAsync(new ListAlarmsRequest())).Alarms.Select(it => (it.State, it.AcknowledgedBy)).Single());
    }

    [Fact]
    public async Task A_word_that_comes_after_a_newer_one_changes_nothing()
    {
        await using var app = await ChargingApp.StartAsync();
        var (device, alarms) = (ChargingApp.NewDeviceNo(), new AlarmService.AlarmServiceClient(app.AsOperator()));
        await using (var pile = await RawPile.ConnectAsync(app, device, await RawPile.RegisterAsync(app, device)))
        {
            await SayAsync(pile, 12, raised: false);
            await SayAsync(pile, 11, raised: true);
            Assert.Equal(AlarmState.Cleared, await StateAsync());
            await SayAsync(pile, 13, raised: true);
            await SayAsync(pile, 15, raised: true);
            await SayAsync(pile, 14, raised: false);
            Assert.Equal(AlarmState.Open, await StateAsync());
            await SayAsync(pile, 16, raised: false);
            Assert.Equal(AlarmState.Cleared, await StateAsync());
        }

        // A replaced board has a secret of its own, and counts anew.
        var secret = (await app.Services.GetRequiredService<PileAdmin>().RotateSecretAsync(DeviceNo.Parse(device))).Value!;
        await using var replaced = await RawPile.ConnectAsync(app, device, secret);
        await SayAsync(replaced, 1, raised: true);
        Assert.Equal(AlarmState.Open, await StateAsync());

        static async Task SayAsync(RawPile pile, uint eventId, bool raised)
        {
            await pile.RaiseAsync(eventId, said => said.Alarm = new Device.V1.Alarm { Code = AlarmCode.Smoke, Plug = 2, Raised = raised });
            await pile.AckedAsync(eventId);
        }

        async Task<AlarmState> StateAsync()
        {
            var (open, over) = (await alarms.ListAlarmsAsync(new ListAlarmsRequest()), await alarms.ListAlarmsAsync(new ListAlarmsRequest { State = AlarmState.Cleared }));
            return open.Alarms.Concat(over.Alarms).Single().State;
        }
    }

    [Fact]
    public async Task An_operator_clears_what_no_pile_will()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        var alarms = new AlarmService.AlarmServiceClient(app.AsOperator());
        pile.RaiseAlarm(AlarmCode.Door, 0, raised: true);
        await pile.WaitUntilAsync("the alarm was heard", it => it.Unacknowledged.Count == 0);
        var id = (await alarms.ListAlarmsAsync(new ListAlarmsRequest())).Alarms.Single().AlarmId;
        Assert.Equal(StatusCode.InvalidArgument, await RefusedAsync(() => alarms.ClearAlarmAsync(new ClearAlarmRequest { AlarmId = id }).ResponseAsync));
        Assert.Equal(StatusCode.NotFound, await RefusedAsync(() => alarms.ClearAlarmAsync(new ClearAlarmRequest { AlarmId = id + "x", Reason = "x" }).ResponseAsync));
        Assert.Equal(AlarmState.Cleared, (await alarms.ClearAlarmAsync(new ClearAlarmRequest { AlarmId = id, Reason = "lock replaced" })).Alarm.State);
        Assert.Empty((await alarms.ListAlarmsAsync(new ListAlarmsRequest())).Alarms);
    }

    private static async Task<StatusCode> RefusedAsync(Func<Task> call) => (await Assert.ThrowsAsync<RpcException>(call)).StatusCode;
}
