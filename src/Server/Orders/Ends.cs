using Charging.Device.V1;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>How a charge ends: by the pile's record, or by the server when the pile has nothing to say (device-protocol.md).</summary>
public static class Ends
{
    /// <summary>The pile has sent the end record. It may come before the result of the start, twice, or far too late.</summary>
    /// <returns>The order as it is now, where it was of interest; else null.</returns>
    public static async ValueTask<Order?> RecordedAsync(ITransaction tx, Order order, ChargeEnded record, string bootId, DateTimeOffset at)
    {
        switch (order.State)
        {
            case OrderState.Starting or OrderState.Charging:
                var ended = order.End(record, tx.ToTimeOf(order, at), tx.NowOf(order));
                if (ended.Trouble == Order.ImpossibleRecord)
                    ended = await tx.TellAsync(ended, $"The pile's end record cannot be, and what can be believed counts: {record.Seconds} s, {record.EnergyWh} Wh, {record.MaxPowerW} W, {(tx.Now - at).TotalSeconds:0} s ago.");
                return await Settlement.SettleAsync(tx, ended);
            case OrderState.StartFailed:
                await Stops.DoneAsync(tx, order.No.ToString(), order.Plug.Device);
                return await Settlement.RefundAsync(tx, order.Progress(Reading.Of(record), tx.NowOf(order)), FailCause.Start);
            case var _ when order.MayBeRecordedLate():
                return await LateRecords.KeepAsync(tx, order, record, bootId, at);
            default:
                return null;
        }
    }

    /// <summary>
    /// The pile no longer knows of the charge: what it is known to have used is earned, rounded in the rider's favour,
    /// and the rest goes back.
    /// </summary>
    public static async ValueTask LostAsync(ITransaction tx, Order order)
    {
        order = await tx.TellAsync(order, "The pile no longer knows of the charge, or says nothing: it ends with the last progress.");
        await Settlement.SettleAsync(tx, order.EndLost(tx.NowOf(order)));
    }
}

/// <summary>A charge whose pile contradicted it for five minutes.</summary>
public sealed class LostCharges(IStore store, Board board) : IDueHandler
{
    /// <summary>How long a pile may go on without a charge that the server believes in, before the charge is over.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public DueKind Kind => DueKind.Lost;

    /// <inheritdoc/>
    public bool IsAble => board.MayJudge;

    /// <inheritdoc/>
    public Task RunAsync(DueRow row, CancellationToken cancellationToken) => store.RunAsync(async tx =>
    {
        if (!await tx.HoldsAsync(row))
            return false;
        tx.Done(DueKind.Lost, row.Subject);
        if (await tx.GetAsync(OrderTables.Orders, row.Subject) is not { State: OrderState.Charging } order)
            return false;
        // The server has just started, or has not kept what the pile said: it may charge, or have the end record ready.
        if (board.Reach(order.Plug.Device) == PileReach.Unheard || !board.MayJudgeOf(order.Plug.Device))
        {
            tx.Put(DueRows.Table, row.Again(tx.Now + Board.Grace));
            return true;
        }
        // Two statuses may have come at once and been settled in the other order; the last word is on the board.
        var reported = board.Find(order.Plug.Device)?.Plug(order.Plug.Number);
        if (reported?.State == PlugState.Charging && reported.OrderNo == row.Subject)
            return false;
        await Ends.LostAsync(tx, order);
        return true;
    }, cancellationToken);
}

/// <summary>A charge that should be over by its own limit.</summary>
public sealed class OverdueCharges(IStore store, Board board, PileCommands commands) : IDueHandler
{
    // A pile that has said for an hour that it charges, and does not stop, is not to be believed.
    private const int MostLooks = 12;

    /// <inheritdoc/>
    public DueKind Kind => DueKind.Overdue;

    /// <inheritdoc/>
    public bool IsAble => board.MayJudge;

    /// <inheritdoc/>
    public async Task RunAsync(DueRow row, CancellationToken cancellationToken)
    {
        var stillOn = await store.RunAsync(tx => LookAsync(tx, row), cancellationToken);
        if (stillOn is not null)
            await commands.ReportStatusAsync(stillOn.Plug.Device);
    }

    private async ValueTask<Order?> LookAsync(ITransaction tx, DueRow row)
    {
        if (!await tx.HoldsAsync(row))
            return null;
        if (await tx.GetAsync(OrderTables.Orders, row.Subject) is not { State: OrderState.Charging } order)
        {
            tx.Done(DueKind.Overdue, row.Subject);
            return null;
        }
        var view = board.Find(order.Plug.Device);
        // One that has just connected is about to say what it does, and one whose event was not kept says it again.
        var reach = view is { IsConnected: true, Status: null } || !board.MayJudgeOf(order.Plug.Device) ? PileReach.Unheard : board.Reach(order.Plug.Device);
        var reported = view?.Plug(order.Plug.Number);
        if (reach == PileReach.Offline || row.Tries >= MostLooks || (reach == PileReach.Online && reported?.OrderNo != row.Subject))
        {
            await Ends.LostAsync(tx, order);
            return null;
        }
        // The pile still charges for it, or has not had the time to say so: it is stopped, and looked at again.
        tx.Put(DueRows.Table, row.Again(tx.Now + LostCharges.Patience) with { Tries = row.Tries + 1 });
        if (reach == PileReach.Online)
            await Stops.RequestAsync(tx, row.Subject, order.Plug);
        return order;
    }
}

/// <summary>A charge that is priced by power and has used up its payment: the pile, which does not know the price, is told to stop.</summary>
public sealed class SpentCharges(IStore store) : IDueHandler
{
    /// <inheritdoc/>
    public DueKind Kind => DueKind.Spent;

    /// <summary>Makes the stop due at the time at which the payment is used up, by the highest power that is known.</summary>
    public static void Watch(ITransaction tx, Order order)
    {
        if (order is { State: OrderState.Charging, StartedAt: { } began } && order.Tariff.SecondsAt(order.PaidFen, order.MaxPowerW) is { } seconds)
            tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Spent, Subject = order.No.ToString(), DueAt = tx.FromTimeOf(order, began + TimeSpan.FromSeconds(seconds)) });
    }

    /// <inheritdoc/>
    public Task RunAsync(DueRow row, CancellationToken cancellationToken) => store.RunAsync(async tx =>
    {
        if (!await tx.HoldsAsync(row))
            return false;
        tx.Done(DueKind.Spent, row.Subject);
        if (await tx.GetAsync(OrderTables.Orders, row.Subject) is { State: OrderState.Charging } order)
            await Stops.RequestAsync(tx, row.Subject, order.Plug);
        return true;
    }, cancellationToken);
}

/// <summary>A start that the pile never answered, at the latest.</summary>
public sealed class UnconfirmedStarts(IStore store) : IDueHandler
{
    /// <inheritdoc/>
    public DueKind Kind => DueKind.Unconfirmed;

    /// <inheritdoc/>
    public Task RunAsync(DueRow row, CancellationToken cancellationToken) => store.RunAsync(async tx =>
    {
        if (!await tx.HoldsAsync(row))
            return false;
        tx.Done(DueKind.Unconfirmed, row.Subject);
        if (await tx.GetAsync(OrderTables.Orders, row.Subject) is { State: OrderState.StartFailed } order)
            await Settlement.RefundAsync(tx, order, FailCause.Start);
        return true;
    }, cancellationToken);
}
