using Charging.Server.Accounts;
using Charging.Server.Payments;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>Money that an operator gives back after a charge was settled: from revenue.</summary>
public static class OperatorRefunds
{
    /// <summary>What is left of a charge to be given back, in fen; 0 for what is not settled.</summary>
    public static long Left(Order order) => order.State == OrderState.Settled ? order.UsedFen - order.WaivedFen : 0;

    /// <summary>Gives back at most what is left: through the provider where it was paid and that is wanted, else to the balance.</summary>
    public static async ValueTask<Order> GiveAsync(ITransaction tx, Order order, long fen, UnusedTo to)
    {
        order = order.Waive(fen);
        if (order.Tag == OrderTag.Phone && to == UnusedTo.Origin)
        {
            order = await Ledger.OweRevenueAsync(tx, order, Refunds.Begin(tx, order.No, order.UserId, order.Refunds, fen, order.PaidFen));
        }
        else
        {
            var user = await tx.GetAsync(AccountTables.Users, AccountTables.Key(order.UserId))
                ?? throw new InvalidOperationException($"The rider of order {order.No} is gone.");
            (order, user) = await Ledger.ReturnRevenueAsync(tx, order, user, fen);
            tx.Put(AccountTables.Users, user);
        }
        tx.Put(OrderTables.Orders, order);
        await DayFigures.WaivedAsync(tx, order, fen);
        return order;
    }
}
