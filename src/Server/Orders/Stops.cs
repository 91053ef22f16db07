using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>The stop command: sent until the pile confirms that the plug does not serve the order.</summary>
public sealed class Stops(IStore store, Board board, PileCommands commands) : IDueHandler
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    // After this many tries a pile does not know of the order, or will say so when it connects.
    private const int MostTries = 100;

    /// <inheritdoc/>
    public DueKind Kind => DueKind.Stop;

    /// <inheritdoc/>
    public bool IsAble => !board.IsCutOff;

    /// <summary>What <see cref="RequestAsync"/> reads.</summary>
    public static IEnumerable<(ITable Table, string Key)> RowsOf(DeviceNo device, string orderNo)
    {
        if (OrderNo.TryParse(orderNo, out var number))
            yield return (OrderTables.Orders, number.ToString());
        yield return (DueRows.Table, DueRow.KeyOf(DueKind.Stop, orderNo, device));
        yield return (PileCounts.Table, device.ToString());
    }

    /// <summary>Makes a stop due now, unless one is on its way.</summary>
    /// <param name="tx">The transaction of the reason.</param>
    /// <param name="orderNo">The order as the pile names it; may be unknown to the server.</param>
    /// <param name="plug">The plug.</param>
    public static async ValueTask RequestAsync(ITransaction tx, string orderNo, PlugId plug)
    {
        // Without a name that can be sent back, the pile would not know what to stop.
        if (!Text.IsClean(orderNo, 32))
            return;
        var order = await new PlugOwner(plug.Device, orderNo).OrderAsync(tx);
        // A pile may claim to charge for one order at two plugs. There is one stop of an order, and its own plug goes first.
        var waiting = await tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Stop, orderNo, plug.Device));
        if (waiting is not null && (waiting.Plug == plug || order?.Plug != plug))
            return;
        var isOrphan = waiting?.IsOrphan ?? order is not { IsLive: true };
        if (waiting is null && isOrphan && !await AddOrphanAsync(tx, plug.Device))
            return;
        if (order is not null)
            await tx.TellAsync(order, "The pile is told to stop, until it confirms it.");
        tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Stop, Subject = orderNo, DueAt = tx.Now, Plug = plug, IsOrphan = isOrphan });
    }

    /// <summary>Makes a stop of a charge due now, also when one was sent that did not help and waits to be sent again.</summary>
    public static async ValueTask RequestNowAsync(ITransaction tx, Order order)
    {
        await RequestAsync(tx, order.No.ToString(), order.Plug);
        if (await tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Stop, order.No.ToString(), order.Plug.Device)) is { LeasedBy: null } waiting)
            tx.Put(DueRows.Table, waiting with { DueAt = tx.Now });
    }

    /// <summary>A stop is not needed any more.</summary>
    public static async ValueTask DoneAsync(ITransaction tx, string orderNo, DeviceNo device)
    {
        if (await tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Stop, orderNo, device)) is not { } stop)
            return;
        tx.Done(DueKind.Stop, orderNo, device);
        if (stop.IsOrphan && await tx.GetAsync(PileCounts.Table, device.ToString()) is { } counts)
            tx.Put(PileCounts.Table, counts with { OrphanStops = counts.OrphanStops - 1 });
    }

    /// <inheritdoc/>
    public async Task RunAsync(DueRow row, CancellationToken cancellationToken)
    {
        await commands.StopAsync(row.Plug!.Value, row.Subject, cancellationToken);
        var wasCutOff = board.IsCutOff;
        await store.RunAsync(async tx =>
        {
            if (!await tx.HoldsAsync(row))
                return false;
            // It may not have got out of this node, and another may reach the pile.
            if (wasCutOff)
                tx.Put(DueRows.Table, row.Again(tx.Now));
            // A charge that is to end is stopped for as long as it lasts: its pile may be away for hours.
            else if (row.Tries + 1 < MostTries || await new PlugOwner(row.Plug!.Value.Device, row.Subject).OrderAsync(tx) is { State: OrderState.Charging })
                tx.Put(DueRows.Table, row.Again(tx.Now + Pause) with { Tries = row.Tries + 1 });
            else
                await AbandonAsync(tx, row);
            return true;
        }, cancellationToken);
    }

    /// <summary>The pile says what became of a stop command.</summary>
    public Task ResultAsync(PlugOwner from, CommandResult result) => store.RunAsync(async tx =>
    {
        if (result.Outcome == CommandOutcome.Unspecified
            || await tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Stop, from.OrderNo, from.Device)) is not { } stop)
            return false;
        if (result is { Outcome: CommandOutcome.Rejected, Reason: RejectReason.Expired or RejectReason.ClockNotSet })
        {
            // It says nothing about the plug. The pile has been told the time since, so the next try need not wait; a pile whose
            // clock stays wrong is not asked faster than any other.
            if (stop is { LeasedBy: null, Tries: 1 })
                tx.Put(DueRows.Table, stop with { DueAt = tx.Now });
            return true;
        }
        var order = await from.OrderAsync(tx);
        var said = result.Outcome == CommandOutcome.Done ? "done" : result.Reason.ToString();
        if (order is not null)
            order = await tx.TellAsync(order, $"The pile answered the stop: {said}.");
        // The answer may be to a stop at another plug; that of a charge is taken away by its end, which a pile that has stopped tells.
        if (order is { State: OrderState.Charging } && stop.Plug == order.Plug)
            return true;
        await DoneAsync(tx, from.OrderNo, from.Device);
        // Whoever never answered the start has now said that the plug does not charge.
        if (order is { State: OrderState.StartFailed })
            await Settlement.RefundAsync(tx, order, FailCause.Start);
        return true;
    });

    private static async ValueTask AbandonAsync(ITransaction tx, DueRow row)
    {
        var device = row.Plug!.Value.Device;
        await DoneAsync(tx, row.Subject, device);
        if (await new PlugOwner(device, row.Subject).OrderAsync(tx) is { } order)
            await tx.TellAsync(order, "The pile has not confirmed the stop in 100 tries, and is not told any more.");
    }

    /// <summary>A pile may invent orders for as long as it likes; it has not more of them at once than plugs.</summary>
    private static async ValueTask<bool> AddOrphanAsync(ITransaction tx, DeviceNo device)
    {
        var counts = await tx.GetAsync(PileCounts.Table, device.ToString()) ?? new PileCounts { Device = device };
        if (counts.OrphanStops >= Pile.MaxPlugs)
            return false;
        tx.Put(PileCounts.Table, counts with { OrphanStops = counts.OrphanStops + 1 });
        return true;
    }
}
