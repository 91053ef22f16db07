namespace Charging.Server.Payments;

/// <summary>Something that does not add up.</summary>
/// <param name="Account">The account, or the refund, that it is about.</param>
/// <param name="What">What of it, as a part of a sentence.</param>
/// <param name="KeptFen">What is kept, in fen.</param>
/// <param name="EntriesFen">What the entries say, in fen.</param>
/// <param name="EntryKey">The first entry that does not fit, or the last one that does; null when there is none.</param>
public sealed record LedgerFinding(string Account, string What, long KeptFen, long EntriesFen, string? EntryKey)
{
    /// <summary>The same for a person.</summary>
    public string Sentence => $"{Account}: {What} is {KeptFen} fen and must be {EntriesFen}{(EntryKey is null ? ", without any entry" : $", see entry {EntryKey}")}.";

    /// <summary>An entry that the ledger does not write.</summary>
    public static LedgerFinding Malformed(LedgerEntry entry) =>
        new(entry.From, $"entry {entry.Key} with number {entry.Number} to {entry.To}, which is no move of the ledger, and", entry.AmountFen, 0, entry.Key);
}
