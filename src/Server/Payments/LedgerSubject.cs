using Charging.Server.Orders;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>
/// An order or a top-up with all its entries, found by their keys: the ledger needs no index by order. Or one entry of neither, by
/// which an operator changed a balance.
/// </summary>
/// <param name="No">Its number, or the key of the entry.</param>
/// <param name="Order">The order; null when it is none.</param>
/// <param name="TopUp">The top-up; null when it is none.</param>
/// <param name="Refunds">Its refunds through the provider, by their numbers.</param>
/// <param name="Entries">Its entries, in the order in which they were written.</param>
internal sealed record LedgerSubject(string No, Order? Order, TopUp? TopUp, IReadOnlyList<Refund> Refunds, IReadOnlyList<LedgerEntry> Entries)
{
    /// <summary>Whose it is; null when there is neither an order nor a top-up.</summary>
    public long? UserId => Order?.UserId ?? TopUp?.UserId;

    /// <summary>What its refunds say is not yet sent back, in fen.</summary>
    public long OpenFen => Open(Refunds);

    /// <summary>What was paid to the provider for it, in fen.</summary>
    public long ProviderFen => Entries.Where(entry => entry.From == Ledger.Provider).Sum(entry => entry.AmountFen);

    /// <summary>Reads one.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="no">Its number.</param>
    /// <param name="highest">The highest number of a refund or a collection that an entry of it is known to have: its own row may have lost the count.</param>
    public static async ValueTask<LedgerSubject> ReadAsync(ITransaction tx, string no, int highest = 0)
    {
        var order = await tx.GetAsync(OrderTables.Orders, no);
        var topUp = order is null ? await tx.GetAsync(TopUp.Table, no) : null;
        var count = Math.Max(highest, order?.Refunds ?? topUp?.Refunds ?? 0);
        var refunds = await RefundsAsync(tx, no, count);
        var entries = new List<LedgerEntry>();
        foreach (var key in Keys(no, order, topUp, count, highest).Append(no))
        {
            if (await tx.GetAsync(Ledger.Entries, key) is { } entry)
                entries.Add(entry);
        }
        return new LedgerSubject(no, order, topUp, refunds, [.. entries.OrderBy(entry => entry.Number)]);
    }

    /// <summary>The refunds of an order or top-up that has begun so many. Those to the balance have no row.</summary>
    public static async ValueTask<IReadOnlyList<Refund>> RefundsAsync(ITransaction tx, string no, int count)
    {
        if (count == 0)
            return [];
        var refunds = new List<Refund>();
        for (var n = 1; n <= count; n++)
        {
            if (await tx.GetAsync(Refund.Table, Refund.NoOf(OrderNo.Parse(no), n)) is { } refund)
                refunds.Add(refund);
        }
        return refunds;
    }

    /// <summary>What refunds say is not yet sent back, in fen.</summary>
    public static long Open(IReadOnlyList<Refund> refunds) => refunds.Where(refund => refund.Step == RefundStep.Owed).Sum(refund => refund.AmountFen);

    /// <summary>What does not hold of it and of its refunds.</summary>
    public IEnumerable<LedgerFinding> Findings()
    {
        var sums = new LedgerSums();
        foreach (var entry in Entries)
        {
            if (LedgerMove.Read(entry) is { } move)
                sums.Add(move, entry);
            else
                yield return LedgerFinding.Malformed(entry);
        }
        IEnumerable<LedgerFinding> findings = (Order, TopUp) switch
        {
            ({ } order, _) => LedgerRules.Of(order, sums, OpenFen),
            (_, { } topUp) => LedgerRules.Of(topUp, sums, OpenFen),
            _ => [new LedgerFinding(No, "what belongs to no order and no top-up", 0, Entries.Sum(entry => entry.AmountFen), Entries.Count > 0 ? Entries[0].Key : null)],
        };
        foreach (var finding in findings.Concat(Refunds.SelectMany(refund => LedgerRules.Of(refund, Repaid(refund)))))
            yield return finding;
    }

    private static IEnumerable<string> Keys(string no, Order? order, TopUp? topUp, int count, int highest)
    {
        // An order is mostly a row that says by itself which entries it cannot have, and each key that is not there is a search.
        if (topUp is null)
            yield return $"hold:{no}";
        if (order is null)
            yield return $"credit:{no}";
        if (topUp is null)
            yield return $"earn:{no}";
        for (var n = 1; n <= (order is null && topUp is null ? Math.Max(count, 1) : count); n++)
        {
            yield return $"owe:{no}:{n}";
            yield return $"refund:{no}:{n}";
        }
        // Only a charge that was lost has a debt. It may have lost the count of what was collected, as that of its refunds.
        for (var n = 1; order?.LostAt is not null && n <= Math.Max(highest, order.Debt?.Collections ?? 0); n++)
            yield return Ledger.CollectKey(order.No, n);
    }

    private LedgerEntry? Repaid(Refund refund) => Entries.FirstOrDefault(entry => entry.Key == $"refund:{refund.OrderNo}:{refund.Number}");
}
