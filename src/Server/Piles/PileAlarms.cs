using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>Writes alarms down, and pauses what they stop for as long as they are open.</summary>
public static class PileAlarms
{
    /// <summary>Whether an alarm stops its plug, or with plug 0 all plugs of the pile.</summary>
    public static bool StopsPlugs(AlarmCode code) => code is AlarmCode.Smoke or AlarmCode.Temperature or AlarmCode.Water;

    /// <summary>Whether an alarm is raised by the server, and by no pile.</summary>
    public static bool IsOfServer(AlarmCode code) => code >= AlarmCode.RefusedSwipes;

    /// <summary>The server raises an alarm. While it is raised, nothing changes.</summary>
    public static async ValueTask RaiseAsync(ITransaction tx, DeviceNo device, AlarmCode code, AlarmSeverity severity)
    {
        var alarm = new PileAlarm { Device = device, Plug = 0, Code = code, Severity = severity, Raised = true, At = tx.Now, RaisedAt = tx.Now };
        if (await tx.GetAsync(PileTables.Alarms, alarm.Id) is not { Raised: true })
            await PutAsync(tx, alarm);
    }

    /// <summary>Writes an alarm down as it is now.</summary>
    public static async ValueTask PutAsync(ITransaction tx, PileAlarm alarm)
    {
        tx.Put(PileTables.Alarms, alarm);
        if (!StopsPlugs(alarm.Code) || await tx.GetAsync(PileTables.Piles, alarm.Device.ToString()) is not { } pile)
            return;
        if (alarm.Raised != pile.Pauses?.Any(pause => pause.IsOf(alarm.Plug, alarm.Code)) is true)
            tx.Put(PileTables.Piles, alarm.Raised ? pile.With(new Pause { Plug = alarm.Plug, Alarm = alarm.Code, Since = alarm.At }) : pile.Without(alarm.Plug, alarm.Code));
    }

    /// <summary>Pauses what is stopped by alarms that were raised before there were pauses.</summary>
    public static async Task PauseAsync(IStore store, CancellationToken cancellationToken)
    {
        await foreach (var found in store.ScanAsync(PileTables.Alarms.ByKey, cancellationToken).Where(alarm => alarm.Raised && StopsPlugs(alarm.Code)))
        {
            await store.RunAsync(
                async tx =>
                {
                    if (await tx.GetAsync(PileTables.Alarms, found.Id) is { } alarm)
                        await PutAsync(tx, alarm);
                    return true;
                },
                cancellationToken);
        }
    }
}
