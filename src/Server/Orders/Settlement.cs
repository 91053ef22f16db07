using Charging.Server.Accounts;
using Charging.Server.Payments;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>Where an order's money goes when the order is over: to revenue what was used, and back the rest (docs/money.md).</summary>
public static class Settlement
{
    /// <summary>The whole of an order's money goes back to where it came from, and its plug is free.</summary>
    public static async ValueTask<Order> RefundAsync(ITransaction tx, Order order, FailCause cause)
    {
        order = await GiveBackAsync(tx, order.BeginRefund(cause), UnusedTo.Origin);
        if (order.OwedFen == 0)
            order = order.Refunded();
        tx.Put(OrderTables.Orders, order);
        if (cause != FailCause.Amount)
            await DayFigures.FailedAsync(tx, order);
        await Reservations.FreeAsync(tx, order);
        tx.Done(DueKind.Start, order.No.ToString());
        tx.Done(DueKind.Unconfirmed, order.No.ToString());
        return order;
    }

    /// <summary>A charge is over: what it has used by its tariff is earned, and the rest of the hold goes back.</summary>
    public static async ValueTask<Order> SettleAsync(ITransaction tx, Order ended)
    {
        var used = ended.Usage();
        var order = await Ledger.EarnAsync(tx, ended.Settle(used), used.Fen);
        if (order.HoldFen > 0)
            order = await GiveBackAsync(tx, order, order.Tariff.Unused);
        tx.Put(OrderTables.Orders, order);
        await DayFigures.SettledAsync(tx, order);
        await Reservations.FreeAsync(tx, order);
        foreach (var kind in (DueKind[])[DueKind.Start, DueKind.Overdue, DueKind.Lost, DueKind.Spent])
            tx.Done(kind, order.No.ToString());
        await Stops.DoneAsync(tx, order.No.ToString(), order.Plug.Device);
        if (order.NoticeWanted)
            tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Notice, Subject = order.No.ToString(), UserId = order.UserId, DueAt = tx.Now });
        return order;
    }

    /// <summary>The provider was paid for an order that the balance had paid already: all of that goes back.</summary>
    public static async ValueTask<Order> ReturnSurplusAsync(ITransaction tx, Order order, long fen)
    {
        order = order with { SurplusFen = fen, OwedFen = order.OwedFen + fen, Refunds = order.Refunds + 1 };
        await Ledger.OwePaymentAsync(tx, Refunds.Begin(tx, order.No, order.UserId, order.Refunds, fen, fen));
        tx.Put(OrderTables.Orders, order);
        return order;
    }

    private static async ValueTask<Order> GiveBackAsync(ITransaction tx, Order order, UnusedTo to)
    {
        if (order.Tag == OrderTag.Phone && to == UnusedTo.Origin)
        {
            order = order with { OwedFen = order.OwedFen + order.HoldFen, Refunds = order.Refunds + 1 };
            return await Ledger.OweAsync(tx, order, Refunds.Begin(tx, order.No, order.UserId, order.Refunds, order.HoldFen, order.PaidFen));
        }
        var user = await tx.GetAsync(AccountTables.Users, AccountTables.Key(order.UserId))
            ?? throw new InvalidOperationException($"The rider of order {order.No} is gone.");
        (order, user) = await Ledger.ReturnAsync(tx, order, user);
        tx.Put(AccountTables.Users, user);
        return order;
    }
}
