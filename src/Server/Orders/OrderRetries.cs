using Charging.Server.Payments;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>Does now what waits for its next try. What waits for its time, such as the end of a reservation, goes on waiting.</summary>
public static class OrderRetries
{
    /// <summary>The keys of all rows that there may be for an order.</summary>
    public static IReadOnlyList<string> KeysOf(Order order)
    {
        var number = order.No.ToString();
        return
        [
            // The one row for what an order waits for next, whatever its kind.
            DueRow.KeyOf(DueKind.Close, number),
            DueRow.KeyOf(DueKind.Surplus, number),
            DueRow.KeyOf(DueKind.Lost, number),
            DueRow.KeyOf(DueKind.Spent, number),
            DueRow.KeyOf(DueKind.Stop, number, order.Plug.Device),
            .. Enumerable.Range(1, order.Refunds).Select(refund => DueRow.KeyOf(DueKind.Refund, Refund.NoOf(order.No, refund))),
        ];
    }

    /// <summary>Makes everything due that is tried until it works.</summary>
    /// <returns>What is done now.</returns>
    public static async ValueTask<IReadOnlyList<DueKind>> NowAsync(ITransaction tx, Order order)
    {
        var now = new List<DueKind>();
        foreach (var key in KeysOf(order))
        {
            if (await tx.GetAsync(DueRows.Table, key) is not { LeasedBy: null, Kind: DueKind.Close or DueKind.Surplus or DueKind.Stop or DueKind.Refund } row)
                continue;
            tx.Put(DueRows.Table, row with { DueAt = tx.Now });
            now.Add(row.Kind);
        }
        return now;
    }
}
