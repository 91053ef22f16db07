using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>How the provider's bill and the ledger differ.</summary>
public enum DifferenceKind
{
    /// <summary>The provider has taken a payment that the ledger does not have.</summary>
    PaymentNotInLedger,

    /// <summary>The ledger has a payment that is on no bill.</summary>
    PaymentNotInBill,

    /// <summary>A payment has another amount on the bill than in the ledger.</summary>
    PaymentAmount,

    /// <summary>The provider has sent back what the ledger does not have as sent back.</summary>
    RefundNotInLedger,

    /// <summary>The ledger has a refund that is on no bill.</summary>
    RefundNotInBill,

    /// <summary>A refund has another amount on the bill than in the ledger.</summary>
    RefundAmount,
}

/// <summary>A difference between the provider's bill and the ledger.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="No">The order or top-up for a payment, the refund for a refund.</param>
/// <param name="BillFen">What the bill has, in fen.</param>
/// <param name="LedgerFen">What the ledger has, in fen.</param>
/// <param name="Note">What was done about it, or what is known beside; empty when that is nothing.</param>
public sealed record Difference(DifferenceKind Kind, string No, long BillFen, long LedgerFen, string Note = "");

/// <summary>A day's bill beside the ledger.</summary>
/// <param name="Day">The day in Asia/Shanghai.</param>
/// <param name="Payments">Payments on the bill.</param>
/// <param name="PaidFen">What they come to, in fen.</param>
/// <param name="Refunds">Refunds on the bill.</param>
/// <param name="RefundedFen">What they come to, in fen.</param>
/// <param name="Waiting">Entries just before midnight that are on no bill yet, and may be on the next one, which is not there.</param>
/// <param name="Differences">What differs.</param>
public sealed record Reconciled(
    DateOnly Day, int Payments, long PaidFen, int Refunds, long RefundedFen, int Waiting, IReadOnlyList<Difference> Differences);

/// <summary>
/// Compares the provider's bill of a day with the ledger, both ways. What is on the bill is found in the ledger by its number,
/// whenever it came there; what is in the ledger may have been paid before we learnt of it, so the bills of the days around are
/// looked at before it is said to be missing.
/// </summary>
public sealed class Reconciliation(IStore store, IPaymentProvider provider, LedgerStatements statements, PaymentEffects effects, Refunds refunds)
{
    // A payment is closed long before, and a refund is asked for every few hours.
    private const int LongestWayDays = 7;
    private const int LongestNo = 64;

    // What the provider's clock may call the next day.
    private static readonly TimeSpan NearMidnight = TimeSpan.FromHours(1);

    /// <summary>Compares a day that is over.</summary>
    /// <param name="day">The day in Asia/Shanghai.</param>
    /// <param name="repair">Whether payments that the ledger does not have are taken up.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Null while the provider has no bill of that day.</returns>
    /// <exception cref="ProviderUnavailableException">The provider does not answer.</exception>
    public async Task<Reconciled?> CompareAsync(DateOnly day, bool repair, CancellationToken cancellationToken)
    {
        var bills = new Bills(provider);
        if (await bills.OfAsync(day, cancellationToken) is not { } bill)
            return null;
        var differences = new List<Difference>();
        foreach (var line in bill.Payments.Concat(bill.Refunds))
        {
            if (await CompareAsync(line, cancellationToken) is { } difference)
                differences.Add(repair ? await RepairAsync(difference, cancellationToken) : difference);
        }
        var waiting = 0;
        foreach (var entry in await statements.OfDayAsync(day, cancellationToken))
        {
            var place = await FindAsync(bills, day, entry, cancellationToken);
            if (place == Place.Missing)
                differences.Add(Missing(entry));
            waiting += place == Place.Unknown ? 1 : 0;
        }
        return new Reconciled(
            day, bill.Payments.Count, bill.Payments.Sum(line => line.Fen), bill.Refunds.Count, bill.Refunds.Sum(line => line.Fen), waiting, differences);
    }

    private async Task<Difference?> CompareAsync(BillLine line, CancellationToken cancellationToken)
    {
        var (missing, amount) = line.IsRefund
            ? (DifferenceKind.RefundNotInLedger, DifferenceKind.RefundAmount)
            : (DifferenceKind.PaymentNotInLedger, DifferenceKind.PaymentAmount);
        var (fen, note) = line.IsRefund ? await RefundedAsync(line.No, cancellationToken) : await PaidAsync(line.No, cancellationToken);
        return fen == line.Fen ? null : new Difference(fen == 0 ? missing : amount, line.No, line.Fen, fen, note);
    }

    private async Task<(long Fen, string Note)> PaidAsync(string no, CancellationToken cancellationToken)
    {
        if (!OrderNo.TryParse(no, out _))
            return (0, "no number of this server");
        var subject = (await statements.ReadAsync([no], cancellationToken)).Single();
        return (subject.ProviderFen, subject.UserId is null ? "no order and no top-up of this server" : "");
    }

    private async Task<(long Fen, string Note)> RefundedAsync(string no, CancellationToken cancellationToken)
    {
        if (no.Length is 0 or > LongestNo || !no.All(char.IsAsciiLetterOrDigit))
            return (0, "no number of this server");
        return await store.RunAsync<(long, string)>(
            async tx => await tx.GetAsync(Refund.Table, no) switch
            {
                null => (0, "no refund of this server"),
                { Step: RefundStep.Done } done => (done.AmountFen, ""),
                { } open => (0, $"the ledger has it as {open.Step.ToString().ToLowerInvariant()}"),
            },
            cancellationToken);
    }

    private async Task<Difference> RepairAsync(Difference difference, CancellationToken cancellationToken)
    {
        switch (difference.Kind)
        {
            case DifferenceKind.PaymentNotInLedger when OrderNo.TryParse(difference.No, out _):
                // The bill tells what was paid, and not what became of it since.
                if (await provider.QueryAsync(difference.No, null, cancellationToken) is not { State: PaymentState.Paid } answer)
                    return difference with { Note = "not taken up: the provider says that it was sent back, or not paid" };
                if (!await store.RunAsync(tx => effects.TakeUpAsync(tx, difference.No, answer.PaidFen), cancellationToken))
                    return difference;
                var (fen, _) = await PaidAsync(difference.No, cancellationToken);
                return difference with { Note = fen == difference.BillFen ? "taken up now" : "not taken up: look at the order" };
            case DifferenceKind.RefundNotInLedger:
                return await refunds.RetryAsync(difference.No) ? difference with { Note = "asked about again now" } : difference;
            default:
                return difference;
        }
    }

    private async Task<Place> FindAsync(Bills bills, DateOnly day, LedgerEntry entry, CancellationToken cancellationToken)
    {
        if (LedgerMove.Read(entry) is not { } move || (entry.From != Ledger.Provider && move.Verb != LedgerVerb.Repay))
            return Place.OnBill;
        var (isRefund, no) = BillNo(move);
        if (await bills.HasAsync(day, no, isRefund, cancellationToken) == true)
            return Place.OnBill;
        for (var other = await BeganAsync(move, day); other < day; other = other.AddDays(1))
        {
            if (await bills.HasAsync(other, no, isRefund, cancellationToken) == true)
                return Place.OnBill;
        }
        return await bills.HasAsync(day.AddDays(1), no, isRefund, cancellationToken) switch
        {
            true => Place.OnBill,
            null when entry.At >= Shanghai.BeginningOf(day.AddDays(1)) - NearMidnight => Place.Unknown,
            _ => Place.Missing,
        };
    }

    /// <summary>The first day on which it can have been paid or sent back: a payment is not before its order.</summary>
    private async Task<DateOnly> BeganAsync(LedgerMove move, DateOnly day)
    {
        var at = await store.RunAsync(async tx => move.Verb == LedgerVerb.Repay
            ? (await tx.GetAsync(Refund.Table, BillNo(move).No))?.OwedAt
            : (await tx.GetAsync(OrderTables.Orders, move.Subject))?.CreatedAt ?? (await tx.GetAsync(TopUp.Table, move.Subject))?.CreatedAt);
        var began = at is { } time ? Shanghai.DayOf(time) : day;
        var first = day.AddDays(-LongestWayDays);
        return began < first ? first : began < day ? began : day.AddDays(-1);
    }

    private static (bool IsRefund, string No) BillNo(LedgerMove move) => move.Verb == LedgerVerb.Repay
        ? (true, Refund.NoOf(OrderNo.Parse(move.Subject), move.Number))
        : (false, move.Subject);

    private static Difference Missing(LedgerEntry entry)
    {
        var (isRefund, no) = BillNo(LedgerMove.Read(entry)!.Value);
        return new Difference(isRefund ? DifferenceKind.RefundNotInBill : DifferenceKind.PaymentNotInBill, no, 0, entry.AmountFen, entry.Key);
    }

    private enum Place
    {
        OnBill,
        Missing,
        Unknown,
    }

    /// <summary>A bill, with one line for each number: a number that is on it twice was taken twice.</summary>
    private sealed record Bill(IReadOnlyList<BillLine> Payments, IReadOnlyList<BillLine> Refunds)
    {
        private readonly HashSet<(string, bool)> _numbers = [.. Payments.Concat(Refunds).Select(line => (line.No, line.IsRefund))];

        public static Bill Of(IReadOnlyList<BillLine> lines) => new(Merge(lines, false), Merge(lines, true));

        public bool Has(string no, bool isRefund) => _numbers.Contains((no, isRefund));

        private static List<BillLine> Merge(IReadOnlyList<BillLine> lines, bool isRefund) =>
            [.. lines.Where(line => line.IsRefund == isRefund).GroupBy(line => line.No).Select(same => same.First() with { Fen = same.Sum(line => line.Fen) })];
    }

    /// <summary>The bills that were asked for, each once.</summary>
    private sealed class Bills(IPaymentProvider provider)
    {
        private readonly Dictionary<DateOnly, Bill?> _bills = [];

        public async Task<Bill?> OfAsync(DateOnly day, CancellationToken cancellationToken)
        {
            if (!_bills.TryGetValue(day, out var bill))
                _bills[day] = bill = await provider.BillAsync(day, cancellationToken) is { } lines ? Bill.Of(lines) : null;
            return bill;
        }

        /// <returns>Null when there is no bill of that day.</returns>
        public async Task<bool?> HasAsync(DateOnly day, string no, bool isRefund, CancellationToken cancellationToken) =>
            (await OfAsync(day, cancellationToken))?.Has(no, isRefund);
    }
}
