using Charging.Ops.V1;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.AlarmService.</summary>
internal sealed class AlarmOpsRpc(IStore store, Changes changes, AlarmWatch watch) : AlarmService.AlarmServiceBase
{
    private const int LongestId = 64;

    /// <inheritdoc/>
    public override async Task<ListAlarmsResponse> ListAlarms(ListAlarmsRequest request, ServerCallContext context)
    {
        var prefix = request.DeviceNo.Length == 0 ? "" : $"{request.DeviceNo.ToDeviceNo()}-";
        var state = System.Enum.IsDefined(request.State) ? request.State : throw Refusal.Invalid($"state is {(int)request.State}: give a value of AlarmState.");
        var page = await store.PageAsync(
            PileTables.Alarms.ByKey,
            Paging.Read(request.PageSize, request.PageToken),
            KeyRange.Prefix(prefix),
            alarm => state == AlarmState.Unspecified ? alarm.Raised : StateOf(alarm) == state);
        return new ListAlarmsResponse { Alarms = { page.Items.Select(ToWire) }, NextPageToken = page.NextToken };
    }

    /// <inheritdoc/>
    public override Task WatchAlarms(WatchAlarmsRequest request, IServerStreamWriter<WatchAlarmsResponse> responseStream, ServerCallContext context) =>
        watch.RunAsync(responseStream, context);

    /// <inheritdoc/>
    public override async Task<AcknowledgeAlarmResponse> AcknowledgeAlarm(AcknowledgeAlarmRequest request, ServerCallContext context) => new()
    {
        Alarm = await ChangeAsync(context, request.AlarmId, request.Reason.ToAnyReason(), (tx, alarm) =>
        {
            if (!alarm.Raised)
                throw Refusal.Conflict($"Alarm {alarm.Id} is cleared: there is nothing to take care of.");
            return alarm.AcknowledgedAt is null
                ? (alarm.Acknowledge(context.Operator().Name, tx.Now), "Acknowledged.")
                : (alarm, $"Was acknowledged by {alarm.AcknowledgedBy} already.");
        }),
    };

    /// <inheritdoc/>
    public override async Task<ClearAlarmResponse> ClearAlarm(ClearAlarmRequest request, ServerCallContext context) => new()
    {
        Alarm = await ChangeAsync(context, request.AlarmId, request.Reason.ToReason(), (tx, alarm) => alarm.Raised ? (alarm.Clear(tx.Now), "Cleared.") : (alarm, "Was cleared already.")),
    };

    /// <summary>An alarm on the wire.</summary>
    public static Ops.V1.Alarm ToWire(PileAlarm alarm) => new()
    {
        AlarmId = alarm.Id,
        DeviceNo = alarm.Device.ToString(),
        Plug = alarm.Plug,
        Code = alarm.Code,
        CodeNumbers = { alarm.Numbers ?? [] },
        Severity = alarm.Severity,
        State = StateOf(alarm),
        RaisedAt = (alarm.RaisedAt ?? (alarm.Raised ? alarm.At : null))?.ToTimestamp(),
        AcknowledgedAt = alarm.AcknowledgedAt?.ToTimestamp(),
        AcknowledgedBy = alarm.AcknowledgedBy ?? "",
        ClearedAt = alarm.Raised ? null : alarm.At.ToTimestamp(),
    };

    private static AlarmState StateOf(PileAlarm alarm) => alarm switch
    {
        { Raised: false } => AlarmState.Cleared,
        { AcknowledgedAt: not null } => AlarmState.Acknowledged,
        _ => AlarmState.Open,
    };

    private async Task<Ops.V1.Alarm> ChangeAsync(
        ServerCallContext context, string alarmId, string reason, Func<ITransaction, PileAlarm, (PileAlarm Alarm, string Outcome)> change)
    {
        if (!Calls.Text.IsClean(alarmId, LongestId))
            throw Refusal.Invalid("alarm_id is no id of an alarm: 'alarms list' shows them.");
        return await changes.MakeAsync(context, new Deed($"alarm:{alarmId}", reason), async tx =>
        {
            var before = (await tx.GetAsync(PileTables.Alarms, alarmId)).OrNotFound($"There is no alarm {Refusal.Shown(alarmId)}: 'alarms list' shows them.");
            var (alarm, outcome) = change(tx, before);
            await PileAlarms.PutAsync(tx, alarm);
            return new Made<Ops.V1.Alarm>(ToWire(alarm), outcome);
        });
    }
}
