using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>
/// The dates of an order go by the clock as it was when it was paid: where the machine's clock was set since, their differences
/// are still the time that has passed.
/// </summary>
internal static class OrderTime
{
    /// <summary>Now, as a date of the order.</summary>
    public static DateTimeOffset NowOf(this ITransaction tx, Order order) => order.PaidAt is { } paidAt ? paidAt + tx.Since(paidAt) : tx.Now;

    /// <summary>A date by the clock as it is now, as one of the order.</summary>
    public static DateTimeOffset ToTimeOf(this ITransaction tx, Order order, DateTimeOffset date) => date + (tx.NowOf(order) - tx.Now);

    /// <summary>A date of the order, by the clock as it is now: when something is due.</summary>
    public static DateTimeOffset FromTimeOf(this ITransaction tx, Order order, DateTimeOffset date) => date - (tx.NowOf(order) - tx.Now);
}
