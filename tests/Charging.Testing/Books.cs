using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;

namespace Charging.Testing;

/// <summary>A payment provider's own books.</summary>
/// <param name="Payments">What was paid, in fen, by order number.</param>
/// <param name="Refunds">What went back, in fen, by refund number.</param>
public sealed record ProviderBooks(IReadOnlyDictionary<string, long> Payments, IReadOnlyDictionary<string, long> Refunds);

/// <summary>
/// Everything in the store that is about money, plugs and orders at one moment. Each method is an invariant (docs/money.md), and says in sentences where it does not hold; the moment may be in the middle of anything.
/// </summary>
public sealed record Books(
    IReadOnlyList<User> Users,
    IReadOnlyList<Order> Orders,
    IReadOnlyList<BusyPlug> Busy,
    IReadOnlyList<TopUp> TopUps,
    IReadOnlyList<Refund> Refunds,
    IReadOnlyList<LedgerEntry> Entries,
    IReadOnlyList<DueRow> Due)
{
    private const int Slice = 200;

    private ILookup<string, LedgerEntry> From => field ??= Entries.ToLookup(entry => entry.From);

    private ILookup<string, LedgerEntry> To => field ??= Entries.ToLookup(entry => entry.To);

    /// <summary>Reads everything in one operation.</summary>
    public static async ValueTask<Books> ReadAsync(ITransaction tx) => new(
        await AllAsync(tx, AccountTables.UsersByPhone),
        await AllAsync(tx, OrderTables.ByTime),
        await AllAsync(tx, OrderTables.BusyPlugs.ByKey),
        await AllAsync(tx, TopUp.Table.ByKey),
        await AllAsync(tx, Refund.Table.ByKey),
        await AllAsync(tx, Ledger.ByNumber),
        await AllAsync(tx, DueRows.Table.ByKey));

    /// <summary>Everything that does not hold.</summary>
    public IEnumerable<string> Faults() =>
    [
        .. EntryIsWrittenTwice(), .. TopUpIsCreditedTwice(), .. DebitHasNotOneOrder(), .. RefundsExceedPayment(), .. BalanceIsBelowZero(),
        .. KeptBalanceDiffers(), .. DebtDiffers(), .. EndedOrderHoldsMoney(), .. PlugHasTwoOrders(), .. NothingIsDue(), .. ListHasGaps(), .. RiderDoesNotKnowLiveOrder(),
    ];

    /// <summary>The same move of money is in the ledger once, and moves something.</summary>
    public IEnumerable<string> EntryIsWrittenTwice()
    {
        if (Entries.DistinctBy(entry => entry.Key).Count() != Entries.Count || Entries.DistinctBy(entry => entry.Number).Count() != Entries.Count)
            yield return "Two entries of the ledger have the same key or number.";
        if (Entries.Any(entry => entry.AmountFen <= 0))
            yield return "An entry of the ledger moves nothing.";
    }

    /// <summary>A top-up is credited at most once, and what was paid is credited or goes back.</summary>
    public IEnumerable<string> TopUpIsCreditedTwice()
    {
        foreach (var topUp in TopUps)
        {
            var number = topUp.No.ToString();
            var credits = Entries.Where(entry => entry.Key == $"credit:{number}" || entry.Key.StartsWith($"credit:{number}:", StringComparison.Ordinal)).ToList();
            var credited = credits.Sum(entry => entry.AmountFen);
            if (credits.Count > 1 || credited != (topUp.State == TopUpState.Credited ? topUp.AmountFen : 0))
                yield return $"Top-up {number} of {topUp.AmountFen} fen is {topUp.State}, and {credited} fen were credited in {credits.Count} entries.";
            if (topUp.OwedFen != Owed(number) || topUp.RefundedFen != SentBack(number) || topUp.OwedFen + topUp.RefundedFen + credited != topUp.PaidFen)
                yield return $"Top-up {number} was paid {topUp.PaidFen} fen, owes {topUp.OwedFen} and refunded {topUp.RefundedFen}.";
        }
    }

    /// <summary>A debit of a balance is for exactly one order, collects what is owed, or is an operator's; and an order has at most one debit.</summary>
    public IEnumerable<string> DebitHasNotOneOrder()
    {
        foreach (var debit in Entries.Where(entry => entry.From.StartsWith("user:", StringComparison.Ordinal) && entry.To is not (Ledger.Adjustments or Ledger.Revenue)))
        {
            var orders = Orders.Where(order => debit.To == Ledger.Hold(order.No) && debit.From == Ledger.Balance(order.UserId)).ToList();
            if (orders.Count != 1 || orders[0].PaidFen != debit.AmountFen || orders[0].Tag == OrderTag.Phone)
                yield return $"The debit {debit.Key} of {debit.AmountFen} fen has {orders.Count} orders that it pays.";
        }
        foreach (var order in Orders)
        {
            var payments = To[Ledger.Hold(order.No)].ToList();
            if (payments.Count > 1 || payments.Sum(entry => entry.AmountFen) != order.PaidFen)
                yield return $"Order {order.No} was paid {order.PaidFen} fen, by {payments.Count} entries of {payments.Sum(entry => entry.AmountFen)} fen.";
        }
    }

    /// <summary>The limit of a rider's live orders counts every order that has a plug.</summary>
    public IEnumerable<string> RiderDoesNotKnowLiveOrder() =>
        Orders.Where(order => order.IsLive && Users.FirstOrDefault(user => user.Id == order.UserId)?.LiveOrders?.Contains(order.No.ToString()) is not true)
            .Select(order => $"Order {order.No} is {order.State}, and its rider does not know of it.");

    /// <summary>What an order used, owes and has refunded is never more than was paid for it.</summary>
    public IEnumerable<string> RefundsExceedPayment()
    {
        foreach (var order in Orders)
        {
            var number = order.No.ToString();
            if (order.RefundedFen != SentBack(number) || order.OwedFen + order.RefundedFen + order.UsedFen - order.WaivedFen > order.PaidFen + order.SurplusFen)
                yield return $"Order {number} of {order.PaidFen} fen used {order.UsedFen}, owes {order.OwedFen} and refunded {order.RefundedFen}, the entries say {SentBack(number)}.";
            if (order.UsedFen != Entries.Where(entry => entry.Key == $"earn:{number}").Sum(entry => entry.AmountFen) || order.ServiceFen > order.UsedFen)
                yield return $"Order {number} used {order.UsedFen} fen, the entries say otherwise.";
            if (order.WaivedFen < 0 || order.WaivedFen > order.UsedFen)
                yield return $"Order {number} used {order.UsedFen} fen, and {order.WaivedFen} fen of that were given back.";
            if (order.OwedFen != Owed(number))
                yield return $"Order {number} owes {order.OwedFen} fen, its refunds say {Owed(number)}.";
        }
    }

    /// <summary>No user has less than nothing, and no account of the system has the wrong sign.</summary>
    public IEnumerable<string> BalanceIsBelowZero()
    {
        foreach (var user in Users.Where(user => user.BalanceFen < 0))
            yield return $"User {user.Id} has {user.BalanceFen} fen.";
        if (Sum(Ledger.Owed) < 0 || Sum(Ledger.Revenue) < 0 || Sum(Ledger.Provider) > 0)
            yield return $"The accounts of the system are {Sum(Ledger.Owed)} owed, {Sum(Ledger.Revenue)} earned, {Sum(Ledger.Provider)} at the provider.";
    }

    /// <summary>What is kept beside the entries equals their sum.</summary>
    public IEnumerable<string> KeptBalanceDiffers()
    {
        foreach (var user in Users)
        {
            if (user.BalanceFen != Sum(Ledger.Balance(user.Id)))
                yield return $"User {user.Id} has {user.BalanceFen} fen, the entries say {Sum(Ledger.Balance(user.Id))}.";
            var last = Entries.LastOrDefault(entry => entry.BalanceFen is not null && (entry.From == Ledger.Balance(user.Id) || entry.To == Ledger.Balance(user.Id)));
            if ((last?.BalanceFen ?? 0) != user.BalanceFen)
                yield return $"User {user.Id} has {user.BalanceFen} fen, the last entry says {last?.BalanceFen}.";
        }
        foreach (var order in Orders.Where(order => order.HoldFen < 0 || order.HoldFen != Sum(Ledger.Hold(order.No))))
            yield return $"Order {order.No} holds {order.HoldFen} fen, the entries say {Sum(Ledger.Hold(order.No))}.";
        if (Sum(Ledger.Owed) != Orders.Sum(order => order.OwedFen) + TopUps.Sum(topUp => topUp.OwedFen))
            yield return $"The ledger owes {Sum(Ledger.Owed)} fen, orders and top-ups say otherwise.";
    }

    /// <summary>What was collected of a debt is what its entries say, and no more than had gone back; a rider's list has the debts that are left.</summary>
    public IEnumerable<string> DebtDiffers()
    {
        foreach (var order in Orders)
        {
            var collected = Entries.Where(entry => entry.Key.StartsWith($"collect:{order.No}:", StringComparison.Ordinal) && entry.From == Ledger.Balance(order.UserId)).Sum(entry => entry.AmountFen);
            var debt = order.Debt ?? new Debt(0);
            if (collected != debt.CollectedFen || debt.LeftFen < 0 || debt.Fen + order.UsedFen > order.PaidFen)
                yield return $"For order {order.No}, which was paid {order.PaidFen} fen and used {order.UsedFen}, {debt.Fen} are owed and {debt.CollectedFen} collected, the entries say {collected}.";
        }
        foreach (var user in Users.Where(user => !(user.Debts ?? []).Order(StringComparer.Ordinal).SequenceEqual(
            Orders.Where(order => order.UserId == user.Id && order.Debt is { LeftFen: > 0 }).Select(order => order.No.ToString()).Order(StringComparer.Ordinal))))
            yield return $"User {user.Id} owes for {string.Join(", ", user.Debts ?? [])}, the orders say otherwise.";
    }

    /// <summary>The hold of an order that has ended is 0.</summary>
    public IEnumerable<string> EndedOrderHoldsMoney() => Orders
        .Where(order => order.HoldFen != 0 && order.State is not (OrderState.Paid or OrderState.Starting or OrderState.Charging or OrderState.StartFailed))
        .Select(order => $"Order {order.No} is {order.State} and holds {order.HoldFen} fen.");

    /// <summary>A plug has at most one live order, and a live order has its plug.</summary>
    public IEnumerable<string> PlugHasTwoOrders()
    {
        foreach (var order in Orders.Where(order => order.IsLive && Busy.FirstOrDefault(busy => busy.Plug == order.Plug)?.OrderNo != order.No))
            yield return $"Order {order.No} is {order.State} and does not have its plug {order.Plug}.";
        foreach (var busy in Busy.Where(busy => Orders.FirstOrDefault(order => order.No == busy.OrderNo) is not { IsLive: true }))
            yield return $"Plug {busy.Plug} is kept for {busy.OrderNo}, which is over.";
    }

    /// <summary>Whatever has not ended has a row due that will move it.</summary>
    public IEnumerable<string> NothingIsDue()
    {
        foreach (var order in Orders)
        {
            var ends = order.State is OrderState.Settled or OrderState.Refunded or OrderState.Cancelled or OrderState.Expired or OrderState.Refunding;
            if (!ends && !Due.Any(row => row.Subject == order.No.ToString() && Moves(row.Kind, order.State)))
                yield return $"Order {order.No} is {order.State}, and nothing is due that would move it.";
            if (order.State == OrderState.Refunding && order.OwedFen == 0)
                yield return $"Order {order.No} is refunding, and owes nothing.";
        }
        foreach (var topUp in TopUps.Where(topUp => topUp.State == TopUpState.Open && !Due.Any(row => row.Kind == DueKind.Close && row.Subject == topUp.No.ToString())))
            yield return $"Top-up {topUp.No} is open, and nothing is due that would close it.";
        foreach (var refund in Refunds.Where(refund => refund.Step == RefundStep.Owed != Due.Any(row => row.Kind == DueKind.Refund && row.Subject == refund.No)))
            yield return $"Refund {refund.No} is {refund.Step}, and what is due does not agree.";
    }

    /// <summary>A rider's list has every paid order once.</summary>
    public IEnumerable<string> ListHasGaps() => Users
        .Where(user => !Orders.Where(order => order.UserId == user.Id && order.ListNumber > 0).Select(order => order.ListNumber).Order()
            .SequenceEqual(Enumerable.Range(1, user.PaidOrders)))
        .Select(user => $"User {user.Id} has gaps in the list of orders.");

    /// <summary>What the ledger says of the provider, the provider says too.</summary>
    public IEnumerable<string> ProviderHasOtherBooks(ProviderBooks provider)
    {
        foreach (var entry in From[Ledger.Provider])
        {
            if (provider.Payments.GetValueOrDefault(Subject(entry)) != entry.AmountFen)
                yield return $"{entry.Key} is {entry.AmountFen} fen, and the provider took {provider.Payments.GetValueOrDefault(Subject(entry))}.";
        }
        foreach (var (refundNo, fen) in provider.Refunds)
        {
            if (Refunds.FirstOrDefault(refund => refund.No == refundNo) is not { } refund || refund.AmountFen != fen)
                yield return $"The provider sent back {fen} fen as {refundNo}, which nobody owed.";
        }
        foreach (var refund in Refunds.Where(refund => refund.Step == RefundStep.Done))
        {
            if (provider.Refunds.GetValueOrDefault(refund.No) != refund.AmountFen)
                yield return $"Refund {refund.No} of {refund.AmountFen} fen is done, which the provider does not know of.";
        }
    }

    /// <summary>What an account has by its entries, in fen.</summary>
    public long Sum(string account) => To[account].Sum(entry => entry.AmountFen) - From[account].Sum(entry => entry.AmountFen);

    private static string Subject(LedgerEntry entry) => entry.Key.Split(':')[1];

    private static bool Moves(DueKind kind, OrderState state) => kind == state switch
    {
        OrderState.Reserved => DueKind.Expire,
        OrderState.Paid or OrderState.Starting => DueKind.Start,
        OrderState.Charging => DueKind.Overdue,
        _ => DueKind.Unconfirmed,
    };

    private static async ValueTask<List<T>> AllAsync<T>(ITransaction tx, Index<T> index)
        where T : class
    {
        var all = new List<T>();
        for (var from = ""; ; from = index.KeyOf(all[^1]) + " ")
        {
            var slice = await tx.ListAsync(index, new KeyRange(from, KeyRange.End), Slice);
            all.AddRange(slice);
            if (slice.Count < Slice)
                return all;
        }
    }

    private long Owed(string number) =>
        Refunds.Where(refund => refund.Step == RefundStep.Owed && refund.OrderNo.ToString() == number).Sum(refund => refund.AmountFen);

    private long SentBack(string number) =>
        Entries.Where(entry => entry.Key.StartsWith($"refund:{number}:", StringComparison.Ordinal)).Sum(entry => entry.AmountFen);
}
