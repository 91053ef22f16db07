using Charging.Device.V1;
using Charging.Ops.V1;
using Charging.Testing;
using Grpc.Core;
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
