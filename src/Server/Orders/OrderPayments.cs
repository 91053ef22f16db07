using Charging.Server.Accounts;
using Charging.Server.Accounts.MiniProgram;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>What is known when a payment is found.</summary>
/// <param name="PaidFen">What the provider says was paid, in fen.</param>
/// <param name="SaidFen">What the caller says was paid, in fen; null when nobody says so.</param>
/// <param name="Revive">Whether somebody waits for power, so that an order that has ended unpaid goes on if its plug is free.</param>
public readonly record struct FoundPayment(long PaidFen, long? SaidFen, bool Revive);

/// <summary>The one effect of an order's payment, however it is learnt of (contract section 7).</summary>
public sealed class OrderPayments(Board board, DueWorker worker, RiderLimits limits, OrderOptions options, IMiniProgram miniProgram)
{
    /// <summary>
    /// Takes a payment up: the money is held, and the start command is due, or the refund. Taken up again it changes
    /// nothing.
    /// </summary>
    /// <returns>The order as it is now; null when there is none.</returns>
    public async ValueTask<Order?> TakeUpAsync(ITransaction tx, OrderNo orderNo, FoundPayment found)
    {
        if (await tx.GetAsync(OrderTables.Orders, orderNo.ToString()) is not { } order)
            return null;
        if (order.State is not (OrderState.Reserved or OrderState.Cancelled or OrderState.Expired))
        {
            // A number is paid once at the provider. Paid from the balance and there too, it was paid twice.
            return order is { Tag: OrderTag.Balance, SurplusFen: 0 } ? await Settlement.ReturnSurplusAsync(tx, order, found.PaidFen) : order;
        }

        var hasPlug = await TakePlugAsync(tx, order, found.Revive);
        (order, var user) = await PayAsync(tx, order, found.PaidFen, hasPlug);
        tx.Put(AccountTables.Users, user);
        order = await Ledger.HoldPaymentAsync(tx, order, found.PaidFen);
        if ((found.SaidFen ?? order.PrepaidFen ?? found.PaidFen) != found.PaidFen || found.PaidFen < options.MinPaymentFen)
            return await Settlement.RefundAsync(tx, order, FailCause.Amount);
        if (await tx.PauseOfAsync(order.Plug) is { } pause)
            return await Starts.RefuseAsync(tx, order, pause);
        if (!hasPlug)
            return await Settlement.RefundAsync(tx, order, FailCause.Start);
        return await GoOnAsync(tx, order);
    }

    /// <summary>
    /// Pays an unpaid order that has its plug from its rider's balance, which is enough, and starts the charge. What was or
    /// will be paid at the provider too goes back.
    /// </summary>
    public async ValueTask<Order> PayFromBalanceAsync(ITransaction tx, Order order, long fen)
    {
        (order, var user) = await PayAsync(tx, order with { Tag = OrderTag.Balance }, fen, hasPlug: true);
        (order, user) = await Ledger.HoldBalanceAsync(tx, order, user, fen);
        tx.Put(AccountTables.Users, user);
        tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Surplus, Subject = order.No.ToString(), UserId = order.UserId, DueAt = tx.Now });
        return await GoOnAsync(tx, order);
    }

    /// <summary>
    /// Whether an unpaid order has its plug, and that takes new charges. To be revived, it takes one that is free, or that
    /// another order's reservation should have left by now, if its rider may have one more.
    /// </summary>
    public async ValueTask<bool> TakePlugAsync(ITransaction tx, Order order, bool revive)
    {
        if (await tx.PauseOfAsync(order.Plug) is not null)
            return false;
        if (order.State != OrderState.Reserved && await limits.OfStartAsync(tx, await RiderOfAsync(tx, order), order.Plug) is not null)
            return false;
        var busy = await tx.GetAsync(OrderTables.BusyPlugs, order.Plug.ToString());
        if (busy is null)
            return revive;
        if (busy.OrderNo == order.No)
            return revive || !busy.IsOver(tx.Now);
        if (!revive || !busy.IsOver(tx.Now))
            return false;
        await Reservations.ReleaseAsync(tx, busy.OrderNo, OrderState.Expired);
        return true;
    }

    /// <summary>Sends the start command of an order that is paid or, by card, made.</summary>
    public Order Start(ITransaction tx, Order order)
    {
        var starting = (order.State == OrderState.Starting ? order : order.BeginStart()) with { NoticeWanted = miniProgram.Notifies };
        tx.Put(OrderTables.Orders, starting);
        tx.Put(OrderTables.BusyPlugs, Busy(starting) with { StartSentAt = tx.Now });
        tx.Put(DueRows.Table, worker.Born(StartOf(starting) with { DueAt = tx.Now, Tries = 1 }, options.StartTimeout / 2));
        return starting;
    }

    private async ValueTask<Order> GoOnAsync(ITransaction tx, Order order) => board.Reach(order.Plug.Device) switch
    {
        PileReach.Offline => await Settlement.RefundAsync(tx, order, FailCause.Offline),
        PileReach.Unheard => Wait(tx, order),
        _ => Start(tx, order),
    };

    private static Order Wait(ITransaction tx, Order order)
    {
        tx.Put(OrderTables.Orders, order);
        tx.Put(OrderTables.BusyPlugs, Busy(order));
        tx.Put(DueRows.Table, StartOf(order) with { DueAt = tx.Now + Starts.Recheck });
        return order;
    }

    private static DueRow StartOf(Order order) => new()
    {
        Kind = DueKind.Start,
        Subject = order.No.ToString(),
        DueAt = default,
        Plug = order.Plug,
        Limits = order.Tariff.Limits(order.PaidFen),
    };

    private static BusyPlug Busy(Order order) => new() { Plug = order.Plug, OrderNo = order.No, UserId = order.UserId };

    private static async ValueTask<User> RiderOfAsync(ITransaction tx, Order order) =>
        await tx.GetAsync(AccountTables.Users, AccountTables.Key(order.UserId))
        ?? throw new InvalidOperationException($"The rider of order {order.No} is gone.");

    private async ValueTask<(Order Order, User User)> PayAsync(ITransaction tx, Order order, long paidFen, bool hasPlug)
    {
        var user = await RiderOfAsync(tx, order);
        if (hasPlug)
            user = await limits.StartAsync(tx, user, order.Plug, order.No);
        user = user with { PaidOrders = user.PaidOrders + 1, UnpaidOrderNo = user.UnpaidOrderNo == order.No.ToString() ? null : user.UnpaidOrderNo };
        tx.Done(DueKind.Expire, order.No.ToString());
        tx.Done(DueKind.Close, order.No.ToString());
        return (order.Pay(paidFen, user.PaidOrders, tx.Now), user);
    }
}
