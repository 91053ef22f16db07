using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>Money that goes back: to the balance at once, through the provider until it has taken it.</summary>
public sealed class Refunds(IStore store, IPaymentProvider provider) : IDueHandler
{
    private const int TriesBeforeTrouble = 20;
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(6);

    /// <inheritdoc/>
    public DueKind Kind => DueKind.Refund;

    /// <summary>The whole of an order's money goes back, and its plug is free.</summary>
    public static async ValueTask<Order> BeginAsync(ITransaction tx, Order order, FailCause cause)
    {
        order = await GiveBackAsync(tx, order.BeginRefund(cause));
        if (order.OwedFen == 0)
            order = order.Refunded();
        tx.Put(OrderTables.Orders, order);
        await Reservations.FreeAsync(tx, order);
        tx.Done(DueKind.Start, order.No.ToString());
        tx.Done(DueKind.Unconfirmed, order.No.ToString());
        return order;
    }

    /// <summary>A charge is over: what it has used is earned, and the rest of the hold goes back.</summary>
    public static async ValueTask<Order> SettleAsync(ITransaction tx, Order order, long usedFen)
    {
        order = await Ledger.EarnAsync(tx, order.Settle(), Math.Clamp(usedFen, 0, order.HoldFen));
        if (order.HoldFen > 0)
            order = await GiveBackAsync(tx, order);
        tx.Put(OrderTables.Orders, order);
        await Reservations.FreeAsync(tx, order);
        foreach (var kind in (DueKind[])[DueKind.Start, DueKind.Overdue, DueKind.Lost])
            tx.Done(kind, order.No.ToString());
        tx.Done(DueKind.Stop, order.No.ToString(), order.Plug.Device);
        return order;
    }

    /// <inheritdoc/>
    public async Task RunAsync(DueRow row, CancellationToken cancellationToken)
    {
        var order = await store.RunAsync(tx => tx.GetAsync(OrderTables.Orders, row.Subject), cancellationToken);
        var state = order is { OwedFen: > 0 } ? await AskAsync(order, cancellationToken) : RefundState.Done;
        await store.RunAsync(tx => RecordAsync(tx, row, state), cancellationToken);
    }

    private async Task<RefundState> AskAsync(Order order, CancellationToken cancellationToken)
    {
        try
        {
            // One refund for each order: the number is the order's, so a repeated call is the same refund.
            return await provider.RefundAsync(new RefundRequest($"{order.No}R1", order.No.ToString(), order.OwedFen, order.PaidFen), cancellationToken);
        }
        catch (ProviderUnavailableException)
        {
            // Whether it was taken is not known; asked again, it says so.
            return RefundState.Processing;
        }
    }

    private static async ValueTask<bool> RecordAsync(ITransaction tx, DueRow row, RefundState state)
    {
        if (!await tx.HoldsAsync(row) || await tx.GetAsync(OrderTables.Orders, row.Subject) is not { } order)
            return false;
        if (state == RefundState.Done)
        {
            if (order.OwedFen > 0)
                order = await Ledger.RepayAsync(tx, order);
            tx.Put(OrderTables.Orders, order.State == OrderState.Refunding ? order.Refunded() : order);
            tx.Done(DueKind.Refund, row.Subject);
            return true;
        }
        var again = row.Again(tx.Now + Pause(row.Tries)) with { Tries = row.Tries + 1 };
        tx.Put(DueRows.Table, again);
        if (again.Tries == TriesBeforeTrouble)
            tx.Put(OrderTables.Orders, order with { Trouble = order.Trouble ?? "REFUND_OVERDUE" });
        return true;
    }

    private static TimeSpan Pause(int tries)
    {
        var pause = TimeSpan.FromSeconds(30 * Math.Pow(2, Math.Min(tries, 12)));
        return pause < LongestPause ? pause : LongestPause;
    }

    private static async ValueTask<Order> GiveBackAsync(ITransaction tx, Order order)
    {
        if (order.Tag == OrderTag.Phone)
        {
            tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Refund, Subject = order.No.ToString(), DueAt = tx.Now });
            return await Ledger.OweAsync(tx, order);
        }
        var user = await tx.GetAsync(AccountTables.Users, AccountTables.Key(order.UserId))
            ?? throw new InvalidOperationException($"The rider of order {order.No} is gone.");
        (order, user) = await Ledger.ReturnAsync(tx, order, user);
        tx.Put(AccountTables.Users, user);
        return order;
    }
}
