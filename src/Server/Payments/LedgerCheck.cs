using System.Runtime.CompilerServices;
using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>How far the full check has come.</summary>
/// <param name="Number">Number of the newest entry that was read.</param>
/// <param name="NewestNumber">Number of the newest entry when the check began.</param>
/// <param name="Entries">How many entries were read.</param>
/// <param name="Rows">How many users, orders, top-ups and refunds were compared.</param>
/// <param name="Findings">What was found since the last report.</param>
public sealed record LedgerProgress(long Number, long NewestNumber, long Entries, long Rows, IReadOnlyList<LedgerFinding> Findings);

/// <summary>
/// The full check of the ledger, while the server runs. It follows the entries; whenever a transaction shows that there are no
/// others, the next rows that are read in the same transaction are compared with them. No transaction reads much, so nobody waits.
/// </summary>
public sealed class LedgerCheck(IStore store)
{
    private const int Slice = 100;

    private delegate ValueTask<Rows> Reader(ITransaction tx, string from);

    /// <summary>Runs it, and tells how far it has come. It is over when the last report was given.</summary>
    public async IAsyncEnumerable<LedgerProgress> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (mark, newest) = await store.RunAsync(BeginAsync, cancellationToken);
        var (books, cursor, rows) = (new LedgerBooks(), new LedgerCursor(0), 0L);
        Reader[] passes = [UsersAsync, TopUpsAsync, OrdersAsync, RefundsAsync, (tx, _) => LeftAsync(tx, books)];
        foreach (var pass in passes)
        {
            for (string? from = ""; from is not null;)
            {
                var at = from;
                var step = await store.RunAsync(tx => StepAsync(tx, cursor, pass, at), cancellationToken);
                var findings = new List<LedgerFinding>(cursor.Advance(step.Entries));
                findings.AddRange(step.Entries.Entries.SelectMany(entry => Add(books, entry, mark)));
                findings.AddRange(books.TakeFindings());
                if (step.Rows is { } read)
                {
                    findings.AddRange(read.Compare.SelectMany(compare => compare(books)));
                    rows += read.Compare.Count;
                    from = read.Next;
                }
                yield return new LedgerProgress(cursor.Number, Math.Max(newest, cursor.Number), books.Entries, rows, findings);
            }
        }
        yield return new LedgerProgress(cursor.Number, cursor.Number, books.Entries, rows, [.. LedgerRules.Of(books.Totals)]);
    }

    private static async ValueTask<(LedgerMark Mark, long Newest)> BeginAsync(ITransaction tx)
    {
        var newest = await tx.ListAsync(Ledger.ByNumber, KeyRange.Prefix("", descending: true), 1);
        return (await LedgerMark.ReadAsync(tx), newest.Count == 0 ? 0 : newest[0].Number);
    }

    private static async ValueTask<Step> StepAsync(ITransaction tx, LedgerCursor cursor, Reader pass, string from)
    {
        var entries = await cursor.ReadAsync(tx);
        return new Step(entries, entries.IsAtEnd ? await pass(tx, from) : null);
    }

    private static IEnumerable<LedgerFinding> Add(LedgerBooks books, LedgerEntry entry, LedgerMark mark)
    {
        books.Add(entry);
        // What was added up when the mark was set has not changed since.
        if (entry.Number == mark.Number && books.Totals != mark.Totals)
            yield return new LedgerFinding(Ledger.Provider, $"what the accounts were at entry {mark.Number}", mark.Totals.ProviderFen, books.Totals.ProviderFen, entry.Key);
    }

    private static async ValueTask<Rows> UsersAsync(ITransaction tx, string from)
    {
        var users = await tx.ListAsync(AccountTables.Users.ByKey, new KeyRange(from, KeyRange.End), Slice);
        return Rows.Of(users, AccountTables.Users, Slice, [.. users.Select<User, Comparison>(user => books => books.Compare(user))]);
    }

    private static async ValueTask<Rows> TopUpsAsync(ITransaction tx, string from)
    {
        var topUps = await tx.ListAsync(TopUp.Table.ByKey, new KeyRange(from, KeyRange.End), Slice);
        var compare = new List<Comparison>();
        foreach (var topUp in topUps)
        {
            var openFen = LedgerSubject.Open(await LedgerSubject.RefundsAsync(tx, topUp.No.ToString(), topUp.Refunds));
            compare.Add(books => books.Compare(topUp, openFen));
        }
        return Rows.Of(topUps, TopUp.Table, Slice, compare);
    }

    private static async ValueTask<Rows> OrdersAsync(ITransaction tx, string from)
    {
        var orders = await tx.ListAsync(OrderTables.Orders.ByKey, new KeyRange(from, KeyRange.End), Slice);
        var compare = new List<Comparison>();
        foreach (var order in orders)
        {
            var openFen = LedgerSubject.Open(await LedgerSubject.RefundsAsync(tx, order.No.ToString(), order.Refunds));
            compare.Add(books => books.Compare(order, openFen));
        }
        return Rows.Of(orders, OrderTables.Orders, Slice, compare);
    }

    private static async ValueTask<Rows> RefundsAsync(ITransaction tx, string from)
    {
        var refunds = await tx.ListAsync(Refund.Table.ByKey, new KeyRange(from, KeyRange.End), Slice);
        var compare = new List<Comparison>();
        foreach (var refund in refunds)
        {
            var repaid = await tx.GetAsync(Ledger.Entries, $"refund:{refund.OrderNo}:{refund.Number}");
            compare.Add(_ => LedgerRules.Of(refund, repaid));
        }
        return Rows.Of(refunds, Refund.Table, Slice, compare);
    }

    // Made behind the passes while they ran, or belonging to nothing.
    private static async ValueTask<Rows> LeftAsync(ITransaction tx, LedgerBooks books)
    {
        var compare = new List<Comparison>();
        foreach (var id in books.UsersLeft.Take(Slice))
        {
            if (await tx.GetAsync(AccountTables.Users, AccountTables.Key(id)) is { } user)
                compare.Add(known => known.Compare(user));
            else
                compare.Add(known => known.Miss(id));
        }
        foreach (var no in books.SubjectsLeft.Take(Slice))
        {
            var subject = await LedgerSubject.ReadAsync(tx, no);
            compare.Add(known => known.Compare(subject));
        }
        return new Rows(compare, compare.Count == 0 ? null : "");
    }

    private delegate IEnumerable<LedgerFinding> Comparison(LedgerBooks books);

    private sealed record Step(LedgerSlice Entries, Rows? Rows);

    /// <summary>Rows to compare, and where the next ones begin; null when there are none.</summary>
    private sealed record Rows(IReadOnlyList<Comparison> Compare, string? Next)
    {
        // The smallest key that sorts after the last one.
        public static Rows Of<T>(IReadOnlyList<T> read, Table<T> table, int limit, IReadOnlyList<Comparison> compare)
            where T : class => new(compare, read.Count < limit ? null : table.KeyOf(read[^1]) + " ");
    }
}
