using System.Text.Json.Nodes;
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

    /// <summary>
    /// What an alarm of a pile is kept as. A code that nobody knows is <see cref="AlarmCode.Other"/> with its number, so that a
    /// plug has one row for all of them; and what does not say how urgent it is, or in a way that nobody knows, is to be looked at.
    /// </summary>
    public static (AlarmCode Code, IReadOnlyList<int>? Numbers, AlarmSeverity Severity) Known(AlarmCode code, AlarmSeverity severity)
    {
        var isKnown = Enum.IsDefined(code) && code is not (AlarmCode.Unspecified or AlarmCode.Other);
        var known = Enum.IsDefined(severity) && severity != AlarmSeverity.Unspecified ? severity : AlarmSeverity.Warning;
        return isKnown ? (code, null, known) : (AlarmCode.Other, [(int)code], known);
    }

    /// <summary>Rewrites an alarm that was kept with values that nobody knows.</summary>
    public static JsonObject Migrate(JsonObject alarm)
    {
        var (code, numbers, severity) = Known(Read<AlarmCode>(alarm["code"]), Read<AlarmSeverity>(alarm["severity"]));
        (alarm["code"], alarm["severity"]) = (code.ToString(), severity.ToString());
        if (numbers is not null)
            alarm["numbers"] = new JsonArray([.. numbers]);
        return alarm;
    }

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

    private static T Read<T>(JsonNode? value)
        where T : struct, Enum => Enum.Parse<T>($"{value}");

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
