using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>
/// Stops what charges where an alarm was raised, a few plugs in each operation. It comes after the alarm was written down,
/// which lets no new charge begin there, and again with each resend of the event, so that a crash in between changes nothing.
/// </summary>
public sealed class AlarmStops(IStore store, OrderOptions options, RateLimits limits, TimeProvider clock)
{
    private readonly PilePace _pace = new("pile-alarm-stops", options, limits, clock);

    /// <summary>Stops it, while the alarm is raised.</summary>
    public async Task StopAsync(DeviceNo device, Alarm alarm)
    {
        if (!alarm.Raised || !PileAlarms.StopsPlugs(alarm.Code))
            return;
        var id = PileAlarm.IdOf(device, PileAlarm.PlugOf(alarm), alarm.Code);
        var charging = await RunAsync(device, tx => ChargingAsync(tx, device, PileAlarm.PlugOf(alarm)));
        foreach (var some in charging.Chunk(PilePace.Plugs))
            await RunAsync(device, tx => StopAsync(tx, id, some));
    }

    private async Task<T> RunAsync<T>(DeviceNo device, Func<ITransaction, ValueTask<T>> operation)
    {
        await _pace.WaitAsync(device);
        return await store.RunAsync(operation);
    }

    private static async ValueTask<IReadOnlyList<BusyPlug>> ChargingAsync(ITransaction tx, DeviceNo device, int plug)
    {
        var busy = await tx.ListAsync(OrderTables.BusyPlugs.ByKey, plug == 0 ? KeyRange.Prefix($"{device}-") : KeyRange.Exactly(new PlugId(device, plug).ToString()), Pile.MaxPlugs);
        return [.. busy.Where(it => it.StartSentAt is not null)];
    }

    private static async ValueTask<bool> StopAsync(ITransaction tx, string alarmId, IReadOnlyList<BusyPlug> charging)
    {
        await tx.ForeseeAsync(
        [
            (PileTables.Alarms, alarmId), .. charging.Select(busy => ((ITable)OrderTables.BusyPlugs, busy.Plug.ToString())),
            .. charging.SelectMany(busy => Stops.RowsOf(busy.Plug.Device, busy.OrderNo.ToString())),
        ]);
        if (await tx.GetAsync(PileTables.Alarms, alarmId) is not { Raised: true } alarm)
            return false;
        foreach (var (plug, orderNo) in charging.Select(busy => (busy.Plug, busy.OrderNo)))
        {
            if (await tx.GetAsync(OrderTables.BusyPlugs, plug.ToString()) is not { } now || now.OrderNo != orderNo)
                continue;
            // Or the start would be sent again, after a stop that the pile has answered because it had not heard of the first.
            if (await tx.GetAsync(OrderTables.Orders, orderNo.ToString()) is { State: OrderState.Starting } order)
                await Starts.GiveUpAsync(tx, order, $"The start is given up: {alarm.Code}.");
            else
                await Stops.RequestAsync(tx, orderNo.ToString(), plug);
        }
        return true;
    }
}
