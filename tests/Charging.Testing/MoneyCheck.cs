using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Testing;

/// <summary>What must hold of money, plugs and orders at every moment, whatever happened (docs/money.md).</summary>
public static class MoneyCheck
{
    private const int Slice = 200;

    /// <summary>Reads everything in one operation and insists on the invariants.</summary>
    /// <param name="app">The app.</param>
    /// <param name="knowsBooks">Whether the sandbox has seen every payment: not after a restart, which empties its books.</param>
    /// <exception cref="InvalidOperationException">With everything that does not hold.</exception>
    public static async Task CheckInvariantsAsync(this ChargingApp app, bool knowsBooks = true)
    {
        var store = app.Services.GetRequiredService<IStore>();
        var faults = await FaultsAsync(store, knowsBooks ? app.Provider : null);
        await foreach (var progress in new LedgerCheck(store).RunAsync())
            faults.AddRange(progress.Findings.Select(finding => finding.Sentence));
        if (faults.Count > 0)
            throw new InvalidOperationException($"Invariants do not hold:\n{string.Join('\n', faults)}");
    }

    /// <summary>What does not hold, in sentences; empty when everything does. Reads everything in one operation.</summary>
    /// <param name="store">The store.</param>
    /// <param name="provider">The provider whose books must agree; null when they do not know everything.</param>
    public static Task<List<string>> FaultsAsync(IStore store, SandboxPaymentProvider? provider = null) => store.RunAsync(async tx =>
    {
        var books = new Books(
            await AllAsync(tx, AccountTables.UsersByPhone),
            await AllAsync(tx, OrderTables.ByTime),
            await AllAsync(tx, OrderTables.BusyPlugs.ByKey),
            await AllAsync(tx, TopUp.Table.ByKey),
            await AllAsync(tx, Refund.Table.ByKey),
            await AllAsync(tx, Ledger.ByNumber),
            await AllAsync(tx, DueRows.Table.ByKey));
        return books.Faults().Concat(provider is null ? [] : books.DifferencesFrom(provider)).ToList();
    });

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

    private sealed record Books(
        List<User> Users, List<Order> Orders, List<BusyPlug> Busy, List<TopUp> TopUps, List<Refund> Refunds, List<LedgerEntry> Entries, List<DueRow> Due)
    {
        public IEnumerable<string> Faults() => [.. UserFaults(), .. Orders.SelectMany(OrderFaults), .. TopUps.SelectMany(TopUpFaults), .. RefundFaults(), .. PlugFaults(), .. EntryFaults()];

        public IEnumerable<string> DifferencesFrom(SandboxPaymentProvider provider)
        {
            foreach (var entry in Entries.Where(entry => entry.From == Ledger.Provider))
            {
                if (provider.Payments.GetValueOrDefault(Subject(entry)) != entry.AmountFen)
                    yield return $"{entry.Key} is {entry.AmountFen} fen, and the provider took {provider.Payments.GetValueOrDefault(Subject(entry))}.";
            }
            foreach (var (refundNo, fen) in provider.Refunds)
            {
                if (Refunds.Find(refund => refund.No == refundNo) is not { } refund || refund.AmountFen != fen)
                    yield return $"The provider sent back {fen} fen as {refundNo}, which nobody owed.";
            }
            foreach (var refund in Refunds.Where(refund => refund.Step == RefundStep.Done))
            {
                if (provider.Refunds.GetValueOrDefault(refund.No) != refund.AmountFen)
                    yield return $"Refund {refund.No} of {refund.AmountFen} fen is done, which the provider does not know of.";
            }
        }

        private static string Subject(LedgerEntry entry) => entry.Key.Split(':')[1];

        private static bool Has(OrderState state, DueKind kind) => kind == state switch
        {
            OrderState.Reserved => DueKind.Expire,
            OrderState.Paid or OrderState.Starting => DueKind.Start,
            OrderState.Charging => DueKind.Overdue,
            _ => DueKind.Unconfirmed,
        };

        private long Sum(string account) =>
            Entries.Where(entry => entry.To == account).Sum(entry => entry.AmountFen) - Entries.Where(entry => entry.From == account).Sum(entry => entry.AmountFen);

        private IEnumerable<string> UserFaults()
        {
            foreach (var user in Users)
            {
                if (user.BalanceFen < 0 || user.BalanceFen != Sum(Ledger.Balance(user.Id)))
                    yield return $"User {user.Id} has {user.BalanceFen} fen, the entries say {Sum(Ledger.Balance(user.Id))}.";
                var last = Entries.FindLast(entry => entry.BalanceFen is not null && (entry.From == Ledger.Balance(user.Id) || entry.To == Ledger.Balance(user.Id)));
                if ((last?.BalanceFen ?? 0) != user.BalanceFen)
                    yield return $"User {user.Id} has {user.BalanceFen} fen, the last entry says {last?.BalanceFen}.";
                var places = Orders.Where(order => order.UserId == user.Id && order.ListNumber > 0).Select(order => order.ListNumber).Order();
                if (!places.SequenceEqual(Enumerable.Range(1, user.PaidOrders)))
                    yield return $"User {user.Id} has gaps in the list of orders.";
            }
        }

        private IEnumerable<string> OrderFaults(Order order)
        {
            var number = order.No.ToString();
            if (order.HoldFen < 0 || order.HoldFen != Sum(Ledger.Hold(order.No)))
                yield return $"Order {number} holds {order.HoldFen} fen, the entries say {Sum(Ledger.Hold(order.No))}.";
            if (order.HoldFen != 0 && order.State is not (OrderState.Paid or OrderState.Starting or OrderState.Charging or OrderState.StartFailed))
                yield return $"Order {number} is {order.State} and holds {order.HoldFen} fen.";
            if (order.RefundedFen != SentBack(number) || order.OwedFen + order.RefundedFen + order.UsedFen > order.PaidFen + order.SurplusFen)
                yield return $"Order {number} of {order.PaidFen} fen used {order.UsedFen}, owes {order.OwedFen} and refunded {order.RefundedFen}, the entries say {SentBack(number)}.";
            if (order.UsedFen != Entries.Where(entry => entry.Key == $"earn:{number}").Sum(entry => entry.AmountFen) || order.ServiceFen > order.UsedFen)
                yield return $"Order {number} used {order.UsedFen} fen, the entries say otherwise.";
            if (order.OwedFen != Owed(number))
                yield return $"Order {number} owes {order.OwedFen} fen, its refunds say {Owed(number)}.";
            if (order.State == OrderState.Refunding && order.OwedFen == 0)
                yield return $"Order {number} is refunding, and owes nothing.";
            var ends = order.State is OrderState.Settled or OrderState.Refunded or OrderState.Cancelled or OrderState.Expired or OrderState.Refunding;
            if (!ends && !Due.Any(row => row.Subject == number && Has(order.State, row.Kind)))
                yield return $"Order {number} is {order.State}, and nothing is due that would move it.";
        }

        private IEnumerable<string> TopUpFaults(TopUp topUp)
        {
            var number = topUp.No.ToString();
            var credited = Entries.Where(entry => entry.Key == $"credit:{number}").Sum(entry => entry.AmountFen);
            if (credited != (topUp.State == TopUpState.Credited ? topUp.AmountFen : 0))
                yield return $"Top-up {number} of {topUp.AmountFen} fen is {topUp.State}, and {credited} fen were credited.";
            if (topUp.OwedFen != Owed(number) || topUp.RefundedFen != SentBack(number) || topUp.OwedFen + topUp.RefundedFen + credited != topUp.PaidFen)
                yield return $"Top-up {number} was paid {topUp.PaidFen} fen, owes {topUp.OwedFen} and refunded {topUp.RefundedFen}.";
            if (topUp.State == TopUpState.Open && !Due.Any(row => row.Kind == DueKind.Close && row.Subject == number))
                yield return $"Top-up {number} is open, and nothing is due that would close it.";
        }

        private IEnumerable<string> RefundFaults() => Refunds
            .Where(refund => refund.Step == RefundStep.Owed != Due.Any(row => row.Kind == DueKind.Refund && row.Subject == refund.No))
            .Select(refund => $"Refund {refund.No} is {refund.Step}, and what is due does not agree.");

        private long Owed(string number) =>
            Refunds.Where(refund => refund.Step == RefundStep.Owed && refund.OrderNo.ToString() == number).Sum(refund => refund.AmountFen);

        private long SentBack(string number) =>
            Entries.Where(entry => entry.Key.StartsWith($"refund:{number}:", StringComparison.Ordinal)).Sum(entry => entry.AmountFen);

        private IEnumerable<string> PlugFaults()
        {
            foreach (var order in Orders.Where(order => order.IsLive && Busy.Find(busy => busy.Plug == order.Plug)?.OrderNo != order.No))
                yield return $"Order {order.No} is {order.State} and does not have its plug {order.Plug}.";
            foreach (var busy in Busy.Where(busy => Orders.Find(order => order.No == busy.OrderNo) is not { IsLive: true }))
                yield return $"Plug {busy.Plug} is kept for {busy.OrderNo}, which is over.";
        }

        private IEnumerable<string> EntryFaults()
        {
            if (Entries.DistinctBy(entry => entry.Key).Count() != Entries.Count || Entries.DistinctBy(entry => entry.Number).Count() != Entries.Count)
                yield return "Two entries of the ledger have the same key or number.";
            if (Entries.Any(entry => entry.AmountFen <= 0))
                yield return "An entry of the ledger moves nothing.";
            if (Sum(Ledger.Owed) != Orders.Sum(order => order.OwedFen) + TopUps.Sum(topUp => topUp.OwedFen) || Sum(Ledger.Revenue) < 0 || Sum(Ledger.Provider) > 0)
                yield return $"The accounts of the system are {Sum(Ledger.Owed)} owed, {Sum(Ledger.Revenue)} earned, {Sum(Ledger.Provider)} at the provider.";
        }
    }
}
