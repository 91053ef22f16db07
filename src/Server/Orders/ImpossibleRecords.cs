using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>Counts the end records of a pile that cannot be: its meter or its clock is broken, or its secret is in other hands.</summary>
public sealed class ImpossibleRecords(OrderOptions options)
{
    /// <summary>Counts one more. With the last that a day may have, and each after it, an alarm is raised, and the pile is paused where the operator wants that.</summary>
    public async ValueTask CountAsync(ITransaction tx, DeviceNo device)
    {
        var counts = (await tx.GetAsync(PileCounts.Table, device.ToString()) ?? new PileCounts { Device = device }).RecordImpossible(DayFigures.DayOf(tx.Now));
        tx.Put(PileCounts.Table, counts);
        if (counts.ImpossibleRecords < options.ImpossibleRecordsForAlarm)
            return;
        await PileAlarms.RaiseAsync(tx, device, AlarmCode.ImpossibleRecords, AlarmSeverity.Warning);
        if (options.PausesForImpossibleRecords
            && await tx.GetAsync(PileTables.Piles, device.ToString()) is { } pile
            && pile.Pauses?.Any(pause => pause.IsOf(0, null) && !pause.IsOver(tx.Now)) is not true)
            tx.Put(PileTables.Piles, pile.With(new Pause { By = Pause.Server, Reason = "end records that cannot be", Since = tx.Now }));
    }
}
