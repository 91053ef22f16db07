using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>What a status says of one plug, settled with the order that has the plug.</summary>
internal static class StatusSettlement
{
    /// <summary>What it reads.</summary>
    public static IEnumerable<(ITable Table, string Key)> RowsOf(DeviceNo device, PlugStatus plug, BusyPlugIndex busyPlugs)
    {
        var id = new PlugId(device, (int)plug.Plug);
        yield return (OrderTables.BusyPlugs, id.ToString());
        if (busyPlugs.Find(id)?.OrderNo.ToString() is { } orderNo)
        {
            yield return (OrderTables.Orders, orderNo);
            yield return (DueRows.Table, DueRow.KeyOf(DueKind.Lost, orderNo));
        }
        if (plug.State == PlugState.Charging)
        {
            foreach (var row in Stops.RowsOf(device, plug.OrderNo))
                yield return row;
        }
    }

    /// <summary>Settles it.</summary>
    /// <param name="tx">The operation.</param>
    /// <param name="id">The plug.</param>
    /// <param name="plug">What the status says of it.</param>
    /// <param name="bootId">The boot of the pile; null when it is not known.</param>
    /// <returns>Whether the pile does not know of a charge that the server believes in.</returns>
    public static async ValueTask<bool> SettleAsync(ITransaction tx, PlugId id, PlugStatus plug, string? bootId)
    {
        var busy = await tx.GetAsync(OrderTables.BusyPlugs, id.ToString());
        var order = busy is null ? null : await tx.GetAsync(OrderTables.Orders, busy.OrderNo.ToString());
        if (plug.State == PlugState.Charging && plug.OrderNo != order?.No.ToString())
            await Stops.RequestAsync(tx, plug.OrderNo, id);
        if (order is null)
            return false;
        if (plug.OrderNo == order.No.ToString() && order.State is (OrderState.Starting or OrderState.Charging))
        {
            order = await ProgressAsync(tx, order, Reading.Of(plug));
            tx.Put(OrderTables.Orders, order);
            SpentCharges.Watch(tx, order);
        }
        if (plug.State == PlugState.Charging && plug.OrderNo == order.No.ToString())
        {
            tx.Done(DueKind.Lost, order.No.ToString());
            await Starts.StartedAsync(tx, order, tx.Now - TimeSpan.FromSeconds(plug.ElapsedSeconds), bootId);
            return false;
        }
        if (order.State == OrderState.StartFailed)
            await Settlement.RefundAsync(tx, order, FailCause.Start);
        if (order.State != OrderState.Charging)
            return false;
        if (await tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Lost, order.No.ToString())) is null)
            tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Lost, Subject = order.No.ToString(), DueAt = tx.Now + LostCharges.Patience });
        return true;
    }

    private static async ValueTask<Order> ProgressAsync(ITransaction tx, Order order, Reading reading)
    {
        var progressed = order.Progress(reading, tx.NowOf(order));
        return order.Reported is null && progressed.Reported is not null
            ? await tx.TellAsync(progressed, $"The pile reported what cannot be, and that does not count: {reading.Seconds} s, {reading.EnergyWh} Wh, {reading.PowerW ?? 0} W.")
            : progressed;
    }
}
