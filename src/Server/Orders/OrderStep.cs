using System.Globalization;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>
/// Something out of the ordinary that happened to an order. What happens to every order is not written here: its own times,
/// its ledger entries and its events tell of it, and a row for each of them would cost every order a fifth of its writes.
/// </summary>
public sealed record OrderStep
{
    /// <summary>The order.</summary>
    public required string OrderNo { get; init; }

    /// <summary>Place among the steps, from the store's sequence.</summary>
    public required long Number { get; init; }

    /// <summary>When, UTC.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What happened, in a sentence.</summary>
    public required string Text { get; init; }

    /// <summary>Steps by order and number.</summary>
    public static readonly Table<OrderStep> Table = new("order_steps", StoreJson.Default.OrderStep, step => Prefix(step.OrderNo) + step.Number.ToString("D12", CultureInfo.InvariantCulture));

    /// <summary>What the keys of an order's steps begin with.</summary>
    public static string Prefix(string orderNo) => $"{orderNo}:";
}

/// <summary>Writes steps down.</summary>
public static class OrderSteps
{
    // A pile that claims for ever to charge for an order of long ago must not fill the disk.
    private const int Most = 100;

    /// <summary>Writes a step down, in the transaction of what it tells of, and the order, which counts it.</summary>
    /// <returns>The order as it is now.</returns>
    public static async ValueTask<Order> TellAsync(this ITransaction tx, Order order, string text)
    {
        if (order.Steps == Most)
            return order;
        tx.Put(OrderStep.Table, new OrderStep
        {
            OrderNo = order.No.ToString(),
            Number = await tx.NextNumberAsync(NumberSequence.OrderSteps),
            At = tx.Now,
            Text = text,
        });
        order = order with { Steps = order.Steps + 1 };
        tx.Put(OrderTables.Orders, order);
        return order;
    }
}
