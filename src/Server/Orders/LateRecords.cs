using Charging.Device.V1;
using Charging.Server.Accounts;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>End records of charges that are over, and what riders owe by them (docs/money.md).</summary>
public static class LateRecords
{
    /// <summary>How many orders a rider may owe for. The record of a further one is kept, and settles nothing.</summary>
    public const int MaxDebts = 100;

    // A top-up is not to take as many rows as a rider may owe for.
    private const int MaxCollections = 10;

    /// <summary>Keeps an end record that may still tell more than is known of its order.</summary>
    /// <returns>The order as it is now.</returns>
    public static async ValueTask<Order> KeepAsync(ITransaction tx, Order order, ChargeEnded record, string bootId, DateTimeOffset at)
    {
        var user = await tx.GetAsync(AccountTables.Users, AccountTables.Key(order.UserId))
            ?? throw new InvalidOperationException($"The rider of order {order.No} is gone.");
        var late = order.RecordLate(record, (user.Debts?.Count ?? 0) < MaxDebts ? bootId : null, tx.ToTimeOf(order, at), tx.NowOf(order));
        tx.Put(OrderTables.Orders, late);
        if (late.Reported != order.Reported)
            late = await tx.TellAsync(late, $"The pile's end record came too late to settle the charge, and is kept: {record.Seconds} s, {record.EnergyWh} Wh, {record.MaxPowerW} W.");
        else
            await DayFigures.CorrectedAsync(tx, order, late);
        if (late.Debt is not null)
            user = user with { Debts = [.. user.Debts ?? [], order.No.ToString()] };
        if (late.Trouble == Order.LostCharged)
        {
            user = user with { LostCharges = user.LostCharges + 1 };
            var device = order.Plug.Device;
            var counts = await tx.GetAsync(PileCounts.Table, device.ToString()) ?? new PileCounts { Device = device };
            tx.Put(PileCounts.Table, counts.LoseCharge(order.Plug.Number));
        }
        tx.Put(AccountTables.Users, user);
        return late;
    }

    /// <summary>Takes what a rider owes from the balance, as far as that goes, the oldest debt first; nothing for what was before a lock. The caller writes the rider.</summary>
    public static async ValueTask<User> CollectAsync(ITransaction tx, User user)
    {
        foreach (var orderNo in (user.Debts ?? []).Take(MaxCollections))
        {
            if (user.SpendableFen == 0)
                break;
            var order = await tx.GetAsync(OrderTables.Orders, orderNo) ?? throw new InvalidOperationException($"Order {orderNo}, for which something is owed, is gone.");
            // Whoever has the phone now may not be who charged.
            if (order.PaidAt < user.Lock?.Since)
                continue;
            var fen = Math.Min(user.SpendableFen, order.Debt!.LeftFen);
            (order, user) = await Ledger.CollectAsync(tx, order, user, fen);
            tx.Put(OrderTables.Orders, order);
            await DayFigures.CollectedAsync(tx, order, fen);
            if (order.Debt!.LeftFen == 0)
                user = Without(user, orderNo);
        }
        return user;
    }

    /// <summary>What a rider owes in all, in fen.</summary>
    public static async ValueTask<long> OwedAsync(ITransaction tx, User user)
    {
        var fen = 0L;
        foreach (var orderNo in user.Debts ?? [])
            fen += (await tx.GetAsync(OrderTables.Orders, orderNo))?.Debt?.LeftFen ?? 0;
        return fen;
    }

    /// <summary>The rider does not owe for an order any more. The caller writes the order.</summary>
    public static async ValueTask<Order> ForgiveAsync(ITransaction tx, Order order)
    {
        if (await tx.GetAsync(AccountTables.Users, AccountTables.Key(order.UserId)) is { } user)
            tx.Put(AccountTables.Users, Without(user, order.No.ToString()));
        return order.Forgive();
    }

    private static User Without(User user, string orderNo) =>
        user with { Debts = user.Debts?.Where(known => known != orderNo).ToList() is { Count: > 0 } left ? left : null };
}
