using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>Entries that were read in one transaction.</summary>
/// <param name="Entries">The entries.</param>
/// <param name="IsAtEnd">Whether there were no others in that transaction.</param>
/// <param name="Now">The time of that transaction.</param>
internal sealed record LedgerSlice(IReadOnlyList<LedgerEntry> Entries, bool IsAtEnd, DateTimeOffset Now);

/// <summary>
/// Follows the ledger by number. Where several nodes write, an entry may come after one with a higher number; so numbers that
/// were left out are looked for again until nobody can still be writing them.
/// </summary>
/// <param name="after">The number after which it begins.</param>
internal sealed class LedgerCursor(long after)
{
    /// <summary>No transaction lasts as long.</summary>
    public static readonly TimeSpan Lateness = TimeSpan.FromMinutes(1);

    private const int Slice = 200;

    private List<Gap> _gaps = [];

    /// <summary>The highest number that was read.</summary>
    public long Number { get; private set; } = after;

    /// <summary>Reads what comes next. The cursor moves by <see cref="Advance"/>, for an operation may run more than once.</summary>
    public async ValueTask<LedgerSlice> ReadAsync(ITransaction tx)
    {
        var next = await tx.ListAsync(Ledger.ByNumber, new KeyRange(Ledger.Place(Number + 1), KeyRange.End), Slice);
        if (next.Count == Slice)
            return new LedgerSlice(next, IsAtEnd: false, tx.Now);
        // Operations that were run again leave many gaps close together: those within one slice are looked into by one query.
        var late = new List<LedgerEntry>();
        for (var first = 0; first < _gaps.Count;)
        {
            var (from, last) = (_gaps[first].From, first);
            while (last + 1 < _gaps.Count && _gaps[last + 1].To - from < Slice)
                last++;
            var entries = await tx.ListAsync(Ledger.ByNumber, new KeyRange(Ledger.Place(from), Ledger.Place(_gaps[last].To)), Slice);
            late.AddRange(entries.Where(entry => _gaps.Any(gap => gap.Has(entry.Number))));
            first = last + 1;
        }
        return new LedgerSlice([.. late, .. next], late.Count < Slice, tx.Now);
    }

    /// <summary>Moves past what was read.</summary>
    /// <returns>What must not be: two entries with one number.</returns>
    public IReadOnlyList<LedgerFinding> Advance(LedgerSlice slice)
    {
        var findings = new List<LedgerFinding>();
        foreach (var entry in slice.Entries)
        {
            if (entry.Number <= Number)
            {
                if (!_gaps.Any(gap => gap.Has(entry.Number)))
                    findings.Add(new LedgerFinding(entry.From, $"a second entry with number {entry.Number}, which", entry.AmountFen, 0, entry.Key));
                _gaps = [.. _gaps.SelectMany(gap => gap.Without(entry.Number))];
                continue;
            }
            if (entry.Number > Number + 1 && slice.Now - entry.At < Lateness)
                _gaps.Add(new Gap(Number + 1, entry.Number - 1, slice.Now + Lateness));
            Number = entry.Number;
        }
        _gaps.RemoveAll(gap => gap.Until <= slice.Now);
        return findings;
    }

    private readonly record struct Gap(long From, long To, DateTimeOffset Until)
    {
        public bool Has(long number) => number >= From && number <= To;

        public IEnumerable<Gap> Without(long number)
        {
            if (!Has(number))
                return [this];
            return new[] { this with { To = number - 1 }, this with { From = number + 1 } }.Where(rest => rest.From <= rest.To);
        }
    }
}
