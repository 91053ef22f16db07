using Charging.Device.V1;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>Ends an order by an operator's word, whatever its pile says or does not say.</summary>
public static class ForcedEnds
{
    /// <summary>
    /// A charge is settled by the newest status of its pile while that is online, else by its last progress, what was paid and did not charge goes back, an unpaid reservation is
    /// cancelled; the plug is free, and a pile that may be charging is told to stop until it confirms it.
    /// </summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="order">The order.</param>
    /// <param name="reported">What the pile said of the plug last; null when that is not known, or of no interest.</param>
    /// <returns>The order as it is now; null when it was over.</returns>
    public static async ValueTask<Order?> EndAsync(ITransaction tx, Order order, PlugStatus? reported = null)
    {
        switch (order.State)
        {
            case OrderState.Reserved:
                await Reservations.ReleaseAsync(tx, order.No, OrderState.Cancelled);
                break;
            case OrderState.Paid:
                await Settlement.RefundAsync(tx, order, FailCause.Offline);
                break;
            case OrderState.Starting:
                await Settlement.RefundAsync(tx, order.FailStart(FailCause.Start), FailCause.Start);
                break;
            case OrderState.StartFailed:
                await Settlement.RefundAsync(tx, order, FailCause.Start);
                break;
            case OrderState.Charging:
                await Settlement.SettleAsync(tx, Newest(tx, order, reported).EndForced(tx.NowOf(order)));
                break;
            default:
                return null;
        }
        if (order.State is OrderState.Starting or OrderState.StartFailed or OrderState.Charging)
            await Stops.RequestAsync(tx, order.No.ToString(), order.Plug);
        return await tx.GetAsync(OrderTables.Orders, order.No.ToString());
    }

    // Progress is stored every five minutes, and a status comes every minute.
    private static Order Newest(ITransaction tx, Order order, PlugStatus? reported) => reported is { State: PlugState.Charging } && reported.OrderNo == order.No.ToString()
        ? order.Progress(Reading.Of(reported), tx.NowOf(order))
        : order;
}
