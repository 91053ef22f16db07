using System.Text.Json.Nodes;
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
    public void A_lesser_alarm_that_nobody_knows_lowers_none_that_is_open_beside_it()
    {
        var critical = Other(1, 77, Device.V1.AlarmSeverity.Critical).After(null);
        var both = Other(2, 78, Device.V1.AlarmSeverity.Info).After(critical);
        Assert.Equal((Device.V1.AlarmSeverity.Critical, 2), (both.Severity, both.Numbers!.Count));
        Assert.Equal(Device.V1.AlarmSeverity.Info, Other(1, 78, Device.V1.AlarmSeverity.Info).After(null).Severity);

        static Server.Piles.PileAlarm Other(uint eventId, int number, Device.V1.AlarmSeverity severity) => new()
        {
            Device = MqttBroker.DeviceNo.Parse("014441AC53"),
            Plug = 2,
            Code = Device.V1.AlarmCode.Other,
            Numbers = [number],
            Severity = severity,
            Raised = true,
            At = default,
            EventId = eventId,
        };
    }

    [Fact]
    public async Task Alarms_that_nobody_knows_are_one_alarm_of_their_plug_with_their_numbers()
    {
        await using var app = await ChargingApp.StartAsync();
        await using var pile = await RawPile.OpenAsync(app);
        var alarms = new AlarmService.AlarmServiceClient(app.AsOperator());
        using var watch = alarms.WatchAlarms(new WatchAlarmsRequest());
        uint number = 0;
        for (var code = 50; code < 90; code++)
            await SayAsync((AlarmCode)code, raised: true);
        var open = await OpenAsync();
        Assert.Equal(($"{pile.Device}-02-Other", AlarmCode.Other, AlarmSeverity.Warning, AlarmState.Open), (open.AlarmId, open.Code, open.Severity, open.State));
        Assert.Equal(Enumerable.Range(74, 16), open.CodeNumbers);
        while (await watch.ResponseStream.MoveNext(CancellationToken.None) && !watch.ResponseStream.Current.Alarms.Any(it => it.CodeNumbers.Contains(89)))
        {
        }

        // Said once more it is still taken care of; another one is not.
        await alarms.AcknowledgeAlarmAsync(new AcknowledgeAlarmRequest { AlarmId = open.AlarmId });
        await SayAsync((AlarmCode)89, raised: true);
        Assert.Equal(AlarmState.Acknowledged, (await OpenAsync()).State);
        await SayAsync((AlarmCode)(-1), raised: true);
        Assert.Equal(AlarmState.Open, (await OpenAsync()).State);

        // It is over when the last of them is, or by an operator's word.
        foreach (var code in (await OpenAsync()).CodeNumbers.Where(code => code != 77).ToList())
            await SayAsync((AlarmCode)code, raised: false);
        Assert.Equal([77], (await OpenAsync()).CodeNumbers);
        await SayAsync((AlarmCode)77, raised: false);
        Assert.Empty((await alarms.ListAlarmsAsync(new ListAlarmsRequest())).Alarms);
        await SayAsync(AlarmCode.Unspecified, raised: true);
        Assert.Equal([0], (await OpenAsync()).CodeNumbers);

        async Task SayAsync(AlarmCode code, bool raised)
        {
            await pile.RaiseAsync(++number, said => said.Alarm = new Device.V1.Alarm { Code = code, Plug = 2, Severity = (AlarmSeverity)99, Raised = raised });
            await pile.AckedAsync(number);
        }

        async Task<Ops.V1.Alarm> OpenAsync() => (await alarms.ListAlarmsAsync(new ListAlarmsRequest())).Alarms.Single();
    }

    [Theory]
    [InlineData("77", "99", "Other", "[77]", "Warning")]
    [InlineData("\"Unspecified\"", "\"Critical\"", "Other", "[0]", "Critical")]
    [InlineData("\"Smoke\"", "\"Unspecified\"", "Smoke", null, "Warning")]
    public void What_was_kept_of_alarms_that_nobody_knows_is_read(string code, string severity, string newCode, string? numbers, string newSeverity)
    {
        var migrated = PileAlarms.Migrate(JsonNode.Parse($$"""{ "code": {{code}}, "severity": {{severity}} }""")!.AsObject());
        Assert.Equal((newCode, numbers, newSeverity), ($"{migrated["code"]}", migrated["numbers"]?.ToJsonString(), $"{migrated["severity"]}"));
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
