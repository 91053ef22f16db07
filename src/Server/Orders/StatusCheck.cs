using System.Collections.Concurrent;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>
/// Compares what a pile reports with the orders that are open on it, and settles the difference (device-protocol.md,
/// What the server does). Nearly every status says nothing new, and then the store is left alone.
/// </summary>
public sealed class StatusCheck(IStore store, BusyPlugIndex busyPlugs, Board board, PileCommands commands, TimeProvider clock)
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMinutes(5);

    // A start command may be under way for so long that a status without the order says nothing yet.
    private static readonly TimeSpan StartInFlight = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<PlugId, Sighting> _sightings = new();

    /// <summary>What was last stored of a plug: the order, when, and whether the pile agreed that it charges.</summary>
    private readonly record struct Sighting(string OrderNo, DateTimeOffset At, bool Agrees);

    /// <summary>The plugs of a status that the store must hear of; empty nearly always. Touches no disk.</summary>
    public IReadOnlyList<PlugStatus> Differences(DeviceNo device, PileStatus status)
    {
        List<PlugStatus>? differences = null;
        foreach (var plug in status.Plugs)
        {
            // What cannot be a plug could be written down and not be read again.
            if (plug.Plug is >= 1 and <= Pile.MaxPlugs && Differs(new PlugId(device, (int)plug.Plug), plug))
                (differences ??= []).Add(plug);
        }
        return differences ?? (IReadOnlyList<PlugStatus>)[];
    }

    /// <summary>
    /// Settles the differences, by what the pile says of these plugs by then. Run late or twice, beside or after that of a
    /// newer status, it ends in the same place.
    /// </summary>
    public async Task SettleAsync(DeviceNo device, IReadOnlyList<PlugStatus> differences)
    {
        IReadOnlyList<PlugStatus> settled = [];
        var contradicted = await store.RunAsync(async tx =>
        {
            // Each time anew: what has put it off may have been the settling of a newer status.
            settled = Newest(device, differences);
            var any = false;
            foreach (var plug in settled)
                any |= await SettleAsync(tx, new PlugId(device, (int)plug.Plug), plug);
            return any;
        });
        var now = clock.GetUtcNow();
        foreach (var plug in settled)
        {
            var id = new PlugId(device, (int)plug.Plug);
            if (busyPlugs.Find(id) is { } busy)
                _sightings[id] = new Sighting(busy.OrderNo.ToString(), now, Agrees(busy, plug));
            else
                _sightings.TryRemove(id, out _);
        }
        if (contradicted)
            await commands.ReportStatusAsync(device);
    }

    private List<PlugStatus> Newest(DeviceNo device, IReadOnlyList<PlugStatus> plugs)
    {
        var view = board.Find(device);
        return [.. plugs.Select(plug => view?.Plug((int)plug.Plug) ?? plug)];
    }

    private bool Differs(PlugId id, PlugStatus plug)
    {
        var busy = busyPlugs.Find(id);
        if (busy is null || busy.Until is not null)
            return plug.State == PlugState.Charging;
        var now = clock.GetUtcNow();
        var agrees = Agrees(busy, plug);
        var mayBeInFlight = busy.StartSentAt is not { } sentAt || now - sentAt < StartInFlight;
        if (!agrees && plug.State != PlugState.Charging && mayBeInFlight)
            return false;
        return !_sightings.TryGetValue(id, out var last)
            || last.OrderNo != busy.OrderNo.ToString()
            || last.Agrees != agrees
            || now - last.At >= ProgressInterval;
    }

    private static bool Agrees(BusyPlug busy, PlugStatus plug) =>
        plug.State == PlugState.Charging && plug.OrderNo == busy.OrderNo.ToString();

    /// <returns>Whether the pile does not know of a charge that the server believes in.</returns>
    private static async ValueTask<bool> SettleAsync(ITransaction tx, PlugId id, PlugStatus plug)
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
            await Starts.StartedAsync(tx, order, tx.Now - TimeSpan.FromSeconds(plug.ElapsedSeconds));
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
        var progressed = order.Progress(reading, tx.Now);
        if (order.Reported is null && progressed.Reported is not null)
            await tx.TellAsync(order.No, $"The pile reported what cannot be, and that does not count: {reading.Seconds} s, {reading.EnergyWh} Wh, {reading.PowerW ?? 0} W.");
        return progressed;
    }
}
