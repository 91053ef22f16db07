namespace Charging.Server.Payments;

/// <summary>What the entries of an order or a top-up add up to, in fen.</summary>
internal sealed class LedgerSums
{
    private const int MaskBits = 64;

    // Which keys there were. A refund beyond the 64th shares a bit with none: it is only not looked for twice.
    private int _once;
    private ulong _owes;
    private ulong _refunds;
    private ulong _collections;

    /// <summary>What was held: paid to the provider, or taken from a balance.</summary>
    public long HeldFen { get; private set; }

    /// <summary>What was earned.</summary>
    public long EarnedFen { get; private set; }

    /// <summary>What the hold became owed of.</summary>
    public long OwedFen { get; private set; }

    /// <summary>What was owed at once as it was paid, for nothing could be given for it.</summary>
    public long SurplusFen { get; private set; }

    /// <summary>What the provider has sent back.</summary>
    public long RepaidFen { get; private set; }

    /// <summary>What went from the hold to a balance.</summary>
    public long ReturnedFen { get; private set; }

    /// <summary>What was credited.</summary>
    public long CreditedFen { get; private set; }

    /// <summary>What operators gave back of what was earned, through the provider.</summary>
    public long RevenueOwedFen { get; private set; }

    /// <summary>What operators gave back of what was earned, to a balance.</summary>
    public long RevenueReturnedFen { get; private set; }

    /// <summary>What operators gave back of what was earned.</summary>
    public long WaivedFen => RevenueOwedFen + RevenueReturnedFen;

    /// <summary>What was taken from a balance for a charge whose end record came late.</summary>
    public long CollectedFen { get; private set; }

    /// <summary>What is still held.</summary>
    public long HoldFen => HeldFen - EarnedFen - OwedFen - ReturnedFen;

    /// <summary>What is still owed.</summary>
    public long OpenFen => OwedFen + SurplusFen + RevenueOwedFen - RepaidFen;

    /// <summary>Whether it was compared with its order or top-up.</summary>
    public bool IsSeen { get; set; }

    /// <summary>The first entry that cannot be: it is there twice, or takes more than there was. Null when none is.</summary>
    public string? Odd { get; private set; }

    /// <summary>The newest entry; null when there is none.</summary>
    public string? Newest { get; private set; }

    /// <summary>Adds an entry.</summary>
    public void Add(LedgerMove move, LedgerEntry entry)
    {
        var fen = entry.AmountFen;
        switch (move.Verb)
        {
            case LedgerVerb.HoldPayment or LedgerVerb.HoldBalance: HeldFen += fen; break;
            case LedgerVerb.Earn: EarnedFen += fen; break;
            case LedgerVerb.Owe: OwedFen += fen; break;
            case LedgerVerb.OwePayment: SurplusFen += fen; break;
            case LedgerVerb.Repay: RepaidFen += fen; break;
            case LedgerVerb.Return: ReturnedFen += fen; break;
            case LedgerVerb.Credit: CreditedFen += fen; break;
            case LedgerVerb.OweRevenue: RevenueOwedFen += fen; break;
            case LedgerVerb.ReturnRevenue: RevenueReturnedFen += fen; break;
            case LedgerVerb.Collect: CollectedFen += fen; break;
        }
        Newest = entry.Key;
        if (!IsNew(move) || HoldFen < 0 || OpenFen < 0 || WaivedFen > EarnedFen)
            Odd ??= entry.Key;
    }

    private bool IsNew(LedgerMove move)
    {
        var bit = 1UL << ((move.Number - 1) % MaskBits);
        switch (move.Verb)
        {
            case LedgerVerb.Owe or LedgerVerb.OwePayment or LedgerVerb.OweRevenue:
                return move.Number > MaskBits || Take(ref _owes, bit);
            case LedgerVerb.Repay or LedgerVerb.Return or LedgerVerb.ReturnRevenue:
                return move.Number > MaskBits || Take(ref _refunds, bit);
            case LedgerVerb.Collect:
                return move.Number > MaskBits || Take(ref _collections, bit);
            default:
                // Both ways to hold have one key.
                var verb = 1 << (int)(move.Verb == LedgerVerb.HoldBalance ? LedgerVerb.HoldPayment : move.Verb);
                var isNew = (_once & verb) == 0;
                _once |= verb;
                return isNew;
        }
    }

    private static bool Take(ref ulong mask, ulong bit)
    {
        var isNew = (mask & bit) == 0;
        mask |= bit;
        return isNew;
    }
}
