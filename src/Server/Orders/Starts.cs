using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>The start command: sent, sent once again under the same id, and given up (contract section 7).</summary>
public sealed class Starts(IStore store, Board board, PileCommands commands, IPileLink link, OrderOptions options) : IDueHandler
{
    /// <summary>How often a paid order looks whether its pile was heard, while the server has just started.</summary>
    public static readonly TimeSpan Recheck = TimeSpan.FromSeconds(1);

    /// <summary>A start that the pile never answered is paid back after this, whatever the pile says or does not say.</summary>
    public static readonly TimeSpan LongestDoubt = TimeSpan.FromMinutes(10);

    /// <summary>After this long past its limit, a charge whose pile says nothing is over.</summary>
    public static readonly TimeSpan Overtime = TimeSpan.FromMinutes(10);

    // Whoever has paid while no node reached the broker, and was not started since, does not stand there any more.
    private static readonly TimeSpan LongestCut = TimeSpan.FromMinutes(3);

    private const int Sends = 2;

    /// <inheritdoc/>
    public DueKind Kind => DueKind.Start;

    /// <inheritdoc/>
    public bool IsAble => !board.IsCutOff;

    /// <inheritdoc/>
    public async Task RunAsync(DueRow row, CancellationToken cancellationToken)
    {
        // Just written, the row says all there is to know; later, the order may have gone on without it.
        if (row.Leases > 0 && !await store.RunAsync(tx => PrepareAsync(tx, row), cancellationToken))
            return;
        if (await commands.StartAsync(row.Plug!.Value, row.Subject, row.Limits!.Value, cancellationToken))
            return;
        // Before the store is waited for, or the broker may be found again by then.
        var wasCutOff = board.IsCutOff;
        // The first send, and there is no connection to send on: nobody can have heard it.
        if (row is { Leases: 0, Tries: 1 })
            await store.RunAsync(tx => wasCutOff ? LetGoAsync(tx, row) : FailOfflineAsync(tx, row), cancellationToken);
    }

    /// <summary>The pile says what became of a start command.</summary>
    public async Task ResultAsync(PlugOwner from, CommandResult result) => await store.RunAsync(async tx =>
    {
        await tx.ForeseeAsync((OrderTables.Orders, from.OrderNo));
        if (await from.OrderAsync(tx) is not { } order)
            return false;
        if (result.Outcome == CommandOutcome.Done)
        {
            await StartedAsync(tx, order, tx.Now, board.Find(from.Device)?.Status?.BootId);
            return true;
        }
        if (result.Outcome != CommandOutcome.Rejected || order.State is not (OrderState.Starting or OrderState.StartFailed))
            return false;
        order = await tx.TellAsync(order, $"The pile rejected the start: {result.Reason}.");
        await Settlement.RefundAsync(tx, order.State == OrderState.Starting ? order.FailStart(FailCause.Start) : order, FailCause.Start);
        return true;
    });

    /// <summary>The pile charges, by its result, its event or its status. A charge that is not wanted is stopped.</summary>
    /// <param name="tx">The operation.</param>
    /// <param name="order">The order.</param>
    /// <param name="at">When it began, by the pile.</param>
    /// <param name="bootId">The boot of the pile; empty or null when it is not known.</param>
    public static async ValueTask StartedAsync(ITransaction tx, Order order, DateTimeOffset at, string? bootId)
    {
        switch (order.State)
        {
            case OrderState.Starting:
                order = order.Started(tx.ToTimeOf(order, at), tx.NowOf(order), bootId);
                tx.Put(OrderTables.Orders, order);
                tx.Done(DueKind.Start, order.No.ToString());
                var over = order.StartedAt!.Value + TimeSpan.FromSeconds(order.MaxSeconds) + Overtime;
                tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Overdue, Subject = order.No.ToString(), DueAt = tx.FromTimeOf(order, over) });
                SpentCharges.Watch(tx, order);
                break;
            // The event may come after the end, and then says nothing about now; a status that does is dealt with elsewhere.
            case OrderState.Charging or OrderState.Ended or OrderState.Settled:
                break;
            default:
                await Stops.RequestAsync(tx, order.No.ToString(), order.Plug);
                break;
        }
    }

    /// <returns>Whether the command is to be sent.</returns>
    private async ValueTask<bool> PrepareAsync(ITransaction tx, DueRow row)
    {
        if (!await tx.HoldsAsync(row) || await tx.GetAsync(OrderTables.Orders, row.Subject) is not { } order)
            return false;
        var reach = board.Reach(order.Plug.Device);
        var pause = await tx.PauseOfAsync(order.Plug);
        switch (order.State)
        {
            case OrderState.Paid when pause is not null:
                await RefuseAsync(tx, order, pause);
                return false;
            case OrderState.Starting when pause is not null:
                await GiveUpAsync(tx, order, "The start is not sent again: the plug is paused.");
                return false;
            case OrderState.Paid or OrderState.Starting when reach == PileReach.Unheard:
                tx.Put(DueRows.Table, row.Again(tx.Now + Recheck));
                return false;
            case OrderState.Paid when reach == PileReach.Offline || tx.Since(order.PaidAt!.Value) - LongestCut > link.ConnectedFor:
                await Settlement.RefundAsync(tx, order, FailCause.Offline);
                return false;
            case OrderState.Paid:
                order = order.BeginStart();
                tx.Put(OrderTables.Orders, order);
                await tx.TellAsync(order, "The pile was heard, and the start command was sent.");
                break;
            case OrderState.Starting when row.Tries < Sends:
                await tx.TellAsync(order, "The start command was sent again: the pile had not answered.");
                break;
            case OrderState.Starting:
                await GiveUpAsync(tx, order, "The pile never answered the start.");
                return false;
            default:
                tx.Done(DueKind.Start, row.Subject);
                return false;
        }
        tx.Put(DueRows.Table, row.Again(tx.Now + options.StartTimeout / Sends) with { Tries = row.Tries + 1 });
        if (await tx.GetAsync(OrderTables.BusyPlugs, order.Plug.ToString()) is { } busy)
            tx.Put(OrderTables.BusyPlugs, busy with { StartSentAt = tx.Now });
        return true;
    }

    /// <summary>A paid order is not started at a plug that is paused: what was paid goes back.</summary>
    public static async ValueTask<Order> RefuseAsync(ITransaction tx, Order order, Pause pause)
    {
        order = await tx.TellAsync(order, $"The plug takes no new charges: {pause.Why()}.");
        return await Settlement.RefundAsync(tx, order, FailCause.Start);
    }

    /// <summary>A start that was sent is not sent again: the pile is told to stop, and until it has answered it may be charging.</summary>
    public static async ValueTask GiveUpAsync(ITransaction tx, Order order, string why)
    {
        order = order.FailStart(FailCause.Start);
        tx.Put(OrderTables.Orders, order);
        await tx.TellAsync(order, why);
        tx.Done(DueKind.Start, order.No.ToString());
        await Stops.RequestAsync(tx, order.No.ToString(), order.Plug);
        tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Unconfirmed, Subject = order.No.ToString(), DueAt = tx.Now + LongestDoubt });
    }

    /// <summary>It is this node that reaches nobody: another may.</summary>
    private static async ValueTask<bool> LetGoAsync(ITransaction tx, DueRow row)
    {
        if (await tx.HoldsAsync(row))
            tx.Put(DueRows.Table, row.Again(tx.Now) with { Tries = 0 });
        return true;
    }

    private static async ValueTask<bool> FailOfflineAsync(ITransaction tx, DueRow row)
    {
        if (!await tx.HoldsAsync(row) || await tx.GetAsync(OrderTables.Orders, row.Subject) is not { State: OrderState.Starting } order)
            return false;
        order = await tx.TellAsync(order, "The start command could not be sent: the pile had just gone.");
        await Settlement.RefundAsync(tx, order.FailStart(FailCause.Offline), FailCause.Offline);
        return true;
    }
}
