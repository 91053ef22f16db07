using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>What explains an amount: the entries of an order or a top-up, and what all of them add up to.</summary>
public sealed class LedgerStatements(IStore store)
{
    private const int Slice = 200;

    // Up to ten rows each.
    private const int SubjectsAtOnce = 20;

    // Two clocks of one operation are never this far apart.
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(10);

    /// <summary>Orders and top-ups with their entries, in the order of their numbers as they are given.</summary>
    internal async Task<IReadOnlyList<LedgerSubject>> ReadAsync(IEnumerable<string> numbers, CancellationToken cancellationToken)
    {
        var subjects = new List<LedgerSubject>();
        foreach (var chunk in numbers.Chunk(SubjectsAtOnce))
        {
            subjects.AddRange(await store.RunAsync(
                async tx =>
                {
                    var read = new List<LedgerSubject>();
                    foreach (var number in chunk)
                        read.Add(await LedgerSubject.ReadAsync(tx, number));
                    return read;
                },
                cancellationToken));
        }
        return subjects;
    }

    /// <summary>What is on the accounts of the whole operation: up to the mark as it was added up there, and the entries since.</summary>
    public async Task<LedgerTotals> TotalsAsync(CancellationToken cancellationToken)
    {
        var mark = await store.RunAsync(LedgerMark.ReadAsync, cancellationToken);
        var totals = mark.Totals;
        await foreach (var entry in FromAsync(mark.Number + 1, cancellationToken))
            totals = totals.After(entry);
        return totals;
    }

    /// <summary>The entries of a day in Asia/Shanghai. They are by number, and numbers grow with time, so the first one is searched for.</summary>
    internal async Task<IReadOnlyList<LedgerEntry>> OfDayAsync(DateOnly day, CancellationToken cancellationToken)
    {
        var (begin, end) = (Shanghai.BeginningOf(day), Shanghai.BeginningOf(day.AddDays(1)));
        var first = await store.RunAsync(tx => FirstSinceAsync(tx, begin - Slack), cancellationToken);
        var entries = new List<LedgerEntry>();
        await foreach (var entry in FromAsync(first, cancellationToken))
        {
            if (entry.At >= end + Slack)
                break;
            if (entry.At >= begin && entry.At < end)
                entries.Add(entry);
        }
        return entries;
    }

    private static async ValueTask<long> FirstSinceAsync(ITransaction tx, DateTimeOffset time)
    {
        var newest = await tx.ListAsync(Ledger.ByNumber, KeyRange.Prefix("", descending: true), 1);
        var (low, high) = (1L, newest.Count == 0 ? 1 : newest[0].Number + 1);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            var at = await tx.ListAsync(Ledger.ByNumber, new KeyRange(Ledger.Place(middle), KeyRange.End), 1);
            if (at.Count == 0 || at[0].At >= time)
                high = middle;
            else
                low = at[0].Number + 1;
        }
        return low;
    }

    private async IAsyncEnumerable<LedgerEntry> FromAsync(
        long number, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var range = new KeyRange(Ledger.Place(number), KeyRange.End);
            var slice = await store.RunAsync(tx => tx.ListAsync(Ledger.ByNumber, range, Slice), cancellationToken);
            foreach (var entry in slice)
                yield return entry;
            if (slice.Count < Slice)
                yield break;
            number = slice[^1].Number + 1;
        }
    }
}
