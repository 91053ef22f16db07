using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>What is on the accounts of the whole operation, in fen.</summary>
/// <param name="ProviderFen">What riders have paid in through the provider, less what went back; at most 0.</param>
/// <param name="RevenueFen">What was earned.</param>
/// <param name="OwedFen">What is owed to riders and not yet sent back.</param>
/// <param name="BalancesFen">What riders have on their balances.</param>
/// <param name="HoldsFen">What is held for orders.</param>
/// <param name="AdjustmentsFen">What operators took from balances, less what they put on them.</param>
public sealed record LedgerTotals(long ProviderFen = 0, long RevenueFen = 0, long OwedFen = 0, long BalancesFen = 0, long HoldsFen = 0, long AdjustmentsFen = 0)
{
    /// <summary>The totals after another entry.</summary>
    public LedgerTotals After(LedgerEntry entry) => Move(entry.From, -entry.AmountFen).Move(entry.To, entry.AmountFen);

    private LedgerTotals Move(string account, long fen) => account switch
    {
        Ledger.Provider => this with { ProviderFen = ProviderFen + fen },
        Ledger.Revenue => this with { RevenueFen = RevenueFen + fen },
        Ledger.Adjustments => this with { AdjustmentsFen = AdjustmentsFen + fen },
        Ledger.Owed => this with { OwedFen = OwedFen + fen },
        _ when account.StartsWith("user:", StringComparison.Ordinal) => this with { BalancesFen = BalancesFen + fen },
        _ => this with { HoldsFen = HoldsFen + fen },
    };
}

/// <summary>How far the ledger was checked: every entry up to the number, and what they add up to.</summary>
public sealed record LedgerMark
{
    /// <summary>The key of the one mark that there is.</summary>
    public const string Key = "verified";

    /// <summary>Where nothing was checked yet.</summary>
    public static readonly LedgerMark None = new() { Number = 0, Totals = new LedgerTotals() };

    /// <summary>Number of the last entry that was checked.</summary>
    public required long Number { get; init; }

    /// <summary>The accounts after that entry.</summary>
    public required LedgerTotals Totals { get; init; }

    /// <summary>Where it is kept.</summary>
    public static readonly Table<LedgerMark> Table = new("ledger_marks", StoreJson.Default.LedgerMark, _ => Key, isResident: true);

    /// <summary>The mark as it stands.</summary>
    public static async ValueTask<LedgerMark> ReadAsync(ITransaction tx) => await tx.GetAsync(Table, Key) ?? None;

    /// <summary>Moves it forward, unless it is there already: another node may have been faster.</summary>
    public static async ValueTask<bool> MoveAsync(ITransaction tx, LedgerMark mark)
    {
        if ((await ReadAsync(tx)).Number >= mark.Number)
            return false;
        tx.Put(Table, mark);
        return true;
    }
}
