using Charging.Server.Accounts;
using Charging.Server.Orders;

namespace Charging.Server.Payments;

/// <summary>What must hold between the ledger's entries and what is kept beside them (docs/money.md, What always holds).</summary>
internal static class LedgerRules
{
    /// <summary>What does not hold of a user.</summary>
    public static IEnumerable<LedgerFinding> Of(User user, UserSum sum) =>
        user.BalanceFen != sum.Fen || sum.Odd is not null || user.BalanceFen < 0
            ? [new LedgerFinding(Ledger.Balance(user.Id), "the balance", user.BalanceFen, sum.Fen, sum.Odd ?? sum.Newest)]
            : [];

    /// <summary>What does not hold of an order.</summary>
    /// <param name="order">The order.</param>
    /// <param name="sums">Its entries.</param>
    /// <param name="openFen">What its refunds say is not yet sent back, in fen.</param>
    public static IEnumerable<LedgerFinding> Of(Order order, LedgerSums sums, long openFen)
    {
        var facts = new Facts(Ledger.Hold(order.No), sums);
        var paidFen = order.PaidFen + order.SurplusFen;
        return
        [
            .. facts.Equal("the hold", order.HoldFen, sums.HoldFen),
            .. facts.Equal($"the hold of an order that is {order.State}", MayHold(order.State) ? 0 : order.HoldFen, 0),
            .. facts.Equal("what was paid", order.PaidFen, sums.HeldFen),
            .. facts.Equal("what was paid twice", order.SurplusFen, sums.SurplusFen),
            .. facts.Equal("what was used", order.UsedFen, sums.EarnedFen),
            .. facts.Equal("the service fee beyond what was used", Math.Max(0, order.ServiceFen - order.UsedFen), 0),
            .. facts.Equal("what went back", order.RefundedFen, sums.RepaidFen + sums.ReturnedFen + sums.RevenueReturnedFen),
            .. facts.Equal("what operators gave back", order.WaivedFen, sums.WaivedFen),
            .. facts.Equal("what is owed", order.OwedFen, sums.OpenFen),
            .. facts.Equal("what its refunds owe", openFen, sums.OpenFen),
            .. facts.Equal("what goes back beyond the payment", Math.Max(0, order.OwedFen + order.RefundedFen - paidFen), 0),
            .. facts.Equal("what was credited", 0, sums.CreditedFen),
            .. facts.Equal("what was collected", order.Debt?.CollectedFen ?? 0, sums.CollectedFen),
            .. facts.Equal("what was collected beyond the debt", Math.Max(0, -(order.Debt?.LeftFen ?? 0)), 0),
            .. facts.Equal("the debt beyond what was not used", Math.Max(0, (order.Debt?.Fen ?? 0) + order.UsedFen - order.PaidFen), 0),
            .. facts.Sound(),
        ];
    }

    /// <summary>What does not hold of a top-up.</summary>
    /// <param name="topUp">The top-up.</param>
    /// <param name="sums">Its entries.</param>
    /// <param name="openFen">What its refunds say is not yet sent back, in fen.</param>
    public static IEnumerable<LedgerFinding> Of(TopUp topUp, LedgerSums sums, long openFen)
    {
        var facts = new Facts($"top-up {topUp.No}", sums);
        return
        [
            .. facts.Equal("what was paid", topUp.PaidFen, sums.CreditedFen + sums.SurplusFen),
            .. facts.Equal("what was credited", topUp.State == TopUpState.Credited ? topUp.AmountFen : 0, sums.CreditedFen),
            .. facts.Equal("what went back", topUp.RefundedFen, sums.RepaidFen),
            .. facts.Equal("what is owed", topUp.OwedFen, sums.OpenFen),
            .. facts.Equal("what its refunds owe", openFen, sums.OpenFen),
            .. facts.Equal("what is held", 0, sums.HeldFen),
            .. facts.Equal("what was collected", 0, sums.CollectedFen),
            .. facts.Sound(),
        ];
    }

    /// <summary>What does not hold of a refund.</summary>
    /// <param name="refund">The refund.</param>
    /// <param name="repaid">The entry of its number; null when there is none.</param>
    public static IEnumerable<LedgerFinding> Of(Refund refund, LedgerEntry? repaid)
    {
        var entryFen = repaid?.From == Ledger.Owed ? repaid.AmountFen : 0;
        var keptFen = refund.Step == RefundStep.Done ? refund.AmountFen : 0;
        var account = $"refund {refund.No}";
        if (keptFen != entryFen)
            yield return new LedgerFinding(account, $"what was sent back, being {refund.Step},", keptFen, entryFen, repaid?.Key);
        if (refund.AmountFen < 1 || refund.AmountFen > refund.PaidFen)
            yield return new LedgerFinding(account, "its amount", refund.AmountFen, refund.PaidFen, repaid?.Key);
    }

    /// <summary>What does not hold of the accounts of the whole operation.</summary>
    public static IEnumerable<LedgerFinding> Of(LedgerTotals totals)
    {
        foreach (var (account, fen) in new[] { (Ledger.Provider, -totals.ProviderFen), (Ledger.Revenue, totals.RevenueFen), (Ledger.Owed, totals.OwedFen) })
        {
            if (fen < 0)
                yield return new LedgerFinding(account, "what is on the wrong side of 0", -fen, 0, null);
        }
    }

    private static bool MayHold(OrderState state) => state is OrderState.Paid or OrderState.Starting or OrderState.Charging or OrderState.StartFailed;

    private readonly record struct Facts(string Account, LedgerSums Sums)
    {
        public IEnumerable<LedgerFinding> Equal(string what, long keptFen, long entriesFen) =>
            keptFen == entriesFen ? [] : [new LedgerFinding(Account, what, keptFen, entriesFen, Sums.Odd ?? Sums.Newest)];

        public IEnumerable<LedgerFinding> Sound() => Sums.Odd is null
            ? []
            : [new LedgerFinding(Account, "what an entry takes that was not there, or takes twice, and", Math.Min(Sums.HoldFen, Sums.OpenFen), 0, Sums.Odd)];
    }
}

/// <summary>What the entries of a user add up to, in fen.</summary>
/// <param name="Fen">The sum.</param>
/// <param name="Odd">The first entry whose running balance is not the sum up to it; null when none is.</param>
/// <param name="Newest">The newest entry.</param>
internal readonly record struct UserSum(long Fen, string? Odd, string? Newest)
{
    /// <summary>The sum after another entry.</summary>
    public UserSum After(LedgerEntry entry, long userId)
    {
        var fen = Fen + (entry.To == Ledger.Balance(userId) ? entry.AmountFen : -entry.AmountFen);
        return new UserSum(fen, Odd ?? (fen == entry.BalanceFen ? null : entry.Key), entry.Key);
    }
}
