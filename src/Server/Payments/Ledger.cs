using System.Globalization;
using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>One move of money between two accounts. Written once, never changed (docs/money.md).</summary>
public sealed record LedgerEntry
{
    /// <summary>Unique business key, such as `hold:201912040000000352`: the same move cannot be written twice.</summary>
    public required string Key { get; init; }

    /// <summary>Place in the ledger, from the store's sequence; grows, may have gaps.</summary>
    public required long Number { get; init; }

    /// <summary>The account that it leaves.</summary>
    public required string From { get; init; }

    /// <summary>The account that it reaches.</summary>
    public required string To { get; init; }

    /// <summary>How much, in fen, above 0.</summary>
    public required long AmountFen { get; init; }

    /// <summary>When, UTC.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What the user has after it, in fen, where it touches a user's balance; null elsewhere.</summary>
    public long? BalanceFen { get; init; }
}

/// <summary>
/// The double-entry ledger. It is the only place that changes a user's balance or an order's hold, each together with
/// the entry that explains it.
/// </summary>
public static class Ledger
{
    /// <summary>The payment provider: what riders have paid in, less what went back. Falls below 0 by design: money comes from there.</summary>
    public const string Provider = "provider";

    /// <summary>What the operator has earned.</summary>
    public const string Revenue = "revenue";

    /// <summary>What is owed to riders until the provider has sent it back.</summary>
    public const string Owed = "owed";

    /// <summary>What operators put on balances, less what they took away. May have either sign.</summary>
    public const string Adjustments = "adjustments";

    /// <summary>Entries by their business key.</summary>
    public static readonly Table<LedgerEntry> Entries = new("ledger", StoreJson.Default.LedgerEntry, entry => entry.Key);

    /// <summary>Entries in the order in which they were written.</summary>
    public static readonly Index<LedgerEntry> ByNumber = Entries.Index("number", entry => Place(entry.Number));

    /// <summary>Begins the keys of what operators changed on a balance.</summary>
    public static string AdjustmentsOf(long userId) => $"adjust:{userId}:";

    /// <summary>A number as an index key.</summary>
    public static string Place(long number) => number.ToString("D19", CultureInfo.InvariantCulture);

    /// <summary>The account that holds an order's money.</summary>
    public static string Hold(OrderNo orderNo) => $"order:{orderNo}";

    /// <summary>The key of the entry by which an order is paid.</summary>
    public static string HoldKey(OrderNo orderNo) => $"hold:{orderNo}";

    /// <summary>The key of the entry by which a charge is earned.</summary>
    public static string EarnKey(OrderNo orderNo) => $"earn:{orderNo}";

    /// <summary>The key of an entry by which a debt is collected.</summary>
    public static string CollectKey(OrderNo orderNo, int number) => $"collect:{orderNo}:{number}";

    /// <summary>A user's balance.</summary>
    public static string Balance(long userId) => $"user:{userId}";

    /// <summary>A rider has paid an order: provider to hold.</summary>
    public static async ValueTask<Order> HoldPaymentAsync(ITransaction tx, Order order, long fen)
    {
        await WriteAsync(tx, HoldKey(order.No), Provider, Hold(order.No), fen);
        return order with { HoldFen = order.HoldFen + fen };
    }

    /// <summary>An order is paid from a balance: balance to hold. The caller has seen that the balance is enough.</summary>
    public static async ValueTask<(Order Order, User User)> HoldBalanceAsync(ITransaction tx, Order order, User user, long fen)
    {
        user = Change(user, -fen);
        await WriteAsync(tx, HoldKey(order.No), Balance(user.Id), Hold(order.No), fen, user);
        return (order with { HoldFen = order.HoldFen + fen }, user);
    }

    /// <summary>What a charge has used becomes revenue.</summary>
    public static async ValueTask<Order> EarnAsync(ITransaction tx, Order order, long fen)
    {
        if (fen == 0)
            return order;
        await WriteAsync(tx, EarnKey(order.No), Hold(order.No), Revenue, fen);
        return order with { HoldFen = order.HoldFen - fen };
    }

    /// <summary>The rest of an order's hold is owed to the rider, until the provider has sent it back.</summary>
    public static async ValueTask<Order> OweAsync(ITransaction tx, Order order, Refund refund)
    {
        await WriteAsync(tx, $"owe:{order.No}:{refund.Number}", Hold(order.No), Owed, refund.AmountFen);
        return order with { HoldFen = order.HoldFen - refund.AmountFen };
    }

    /// <summary>A payment that nothing can be given for is owed to the rider, until the provider has sent it back.</summary>
    public static ValueTask OwePaymentAsync(ITransaction tx, Refund refund) =>
        WriteAsync(tx, $"owe:{refund.OrderNo}:{refund.Number}", Provider, Owed, refund.AmountFen);

    /// <summary>The provider has sent back what was owed.</summary>
    public static ValueTask RepayAsync(ITransaction tx, Refund refund) =>
        WriteAsync(tx, $"refund:{refund.OrderNo}:{refund.Number}", Owed, Provider, refund.AmountFen);

    /// <summary>The rest of an order's hold goes to its rider's balance.</summary>
    public static async ValueTask<(Order Order, User User)> ReturnAsync(ITransaction tx, Order order, User user)
    {
        var fen = order.HoldFen;
        user = Change(user, fen, order.PaidAt);
        order = order with { HoldFen = 0, RefundedFen = order.RefundedFen + fen, Refunds = order.Refunds + 1 };
        await WriteAsync(tx, $"refund:{order.No}:{order.Refunds}", Hold(order.No), Balance(user.Id), fen, user);
        return (order, user);
    }

    /// <summary>A top-up that was paid is credited.</summary>
    public static async ValueTask<User> CreditAsync(ITransaction tx, OrderNo topUpNo, User user, long fen)
    {
        user = Change(user, fen);
        await WriteAsync(tx, $"credit:{topUpNo}", Provider, Balance(user.Id), fen, user);
        return user;
    }

    /// <summary>An operator changes a balance, which does not fall below 0 by it: the caller has seen to that.</summary>
    public static async ValueTask<User> AdjustAsync(ITransaction tx, User user, long fen)
    {
        user = Change(user with { Adjustments = user.Adjustments + 1 }, fen);
        var (from, to) = fen > 0 ? (Adjustments, Balance(user.Id)) : (Balance(user.Id), Adjustments);
        await WriteAsync(tx, $"{AdjustmentsOf(user.Id)}{user.Adjustments}", from, to, Math.Abs(fen), user);
        return user;
    }

    /// <summary>An operator gives back what was earned: it is owed to the rider, until the provider has sent it back.</summary>
    public static async ValueTask<Order> OweRevenueAsync(ITransaction tx, Order order, Refund refund)
    {
        await WriteAsync(tx, $"owe:{order.No}:{refund.Number}", Revenue, Owed, refund.AmountFen);
        return order with { OwedFen = order.OwedFen + refund.AmountFen };
    }

    /// <summary>An operator gives back what was earned, to the rider's balance.</summary>
    public static async ValueTask<(Order Order, User User)> ReturnRevenueAsync(ITransaction tx, Order order, User user, long fen)
    {
        user = Change(user, fen, order.PaidAt);
        await WriteAsync(tx, $"refund:{order.No}:{order.Refunds}", Revenue, Balance(user.Id), fen, user);
        return (order with { RefundedFen = order.RefundedFen + fen }, user);
    }

    /// <summary>What a rider owes for a charge is taken from the balance, or a part of it: the caller has seen that the balance is enough.</summary>
    public static async ValueTask<(Order Order, User User)> CollectAsync(ITransaction tx, Order order, User user, long fen)
    {
        user = Change(user, -fen);
        order = order.Collect(fen);
        await WriteAsync(tx, CollectKey(order.No, order.Debt!.Collections), Balance(user.Id), Revenue, fen, user);
        return (order, user);
    }

    /// <param name="user">The rider.</param>
    /// <param name="fen">How much, in fen.</param>
    /// <param name="paidAt">When that was paid which comes back, UTC: what was paid before the balance was locked is locked as well.</param>
    private static User Change(User user, long fen, DateTimeOffset? paidAt = null) => user.BalanceFen + fen is >= 0 and var balance
        ? user with { BalanceFen = balance, Lock = user.Lock?.Within(balance, paidAt < user.Lock.Since ? fen : 0) }
        : throw new InvalidOperationException("A balance must not fall below 0.");

    private static async ValueTask WriteAsync(ITransaction tx, string key, string from, string to, long fen, User? user = null)
    {
        if (fen <= 0)
            throw new InvalidOperationException($"{key} would move {fen} fen.");
        if (await tx.GetAsync(Entries, key) is not null)
            throw new InvalidOperationException($"{key} is in the ledger already.");
        var number = await tx.NextNumberAsync(NumberSequence.Ledger);
        tx.Put(Entries, new LedgerEntry { Key = key, Number = number, From = from, To = to, AmountFen = fen, At = tx.Now, BalanceFen = user?.BalanceFen });
    }
}
