using System.Globalization;
using Charging.Ops.V1;
using Charging.Server.Calls;
using Charging.Server.Payments;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>Money on the wire of the operators.</summary>
internal static class LedgerOpsMapping
{
    private const string DateForm = "yyyy-MM-dd";

    /// <summary>A day that is over, by default yesterday, or INVALID_ARGUMENT.</summary>
    public static DateOnly ToDayThatIsOver(this string text, DateTimeOffset now)
    {
        var today = Shanghai.DayOf(now);
        if (text.Length == 0)
            return today.AddDays(-1);
        if (!DateOnly.TryParseExact(text, DateForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            throw Refusal.Invalid($"date '{Refusal.Shown(text)}' is no day: give one such as 2026-11-23.");
        return day < today ? day : throw Refusal.Invalid($"date {Written(day)} is not over in Shanghai: give a day up to {Written(today.AddDays(-1))}.");
    }

    /// <summary>What was compared, or FAILED_PRECONDITION.</summary>
    public static Ops.V1.Reconciliation OrNoBill(this Reconciled? reconciled, DateOnly day, string provider) => reconciled is not null
        ? reconciled.ToWire()
        : throw Refusal.Conflict(provider == "Sandbox"
            ? "The sandbox keeps no bills, so there is nothing to compare with: set Charging:Payment:Provider to a real one."
            : $"{provider} has no bill of {Written(day)} yet: it makes a day's bill in the morning after, so try again later.");

    /// <summary>Insists that there is an order or a top-up.</summary>
    public static LedgerSubject OrUnpaid(this LedgerSubject subject) => subject.UserId is not null
        ? subject
        : throw Refusal.NotFound($"There is no order and no top-up {subject.No}: 'orders list' shows the newest orders, 'ledger show --user' all that a rider has paid.");

    /// <summary>The money of an order or a top-up, and the phone of its rider.</summary>
    public static Statement ToWire(this LedgerSubject subject, string phone) => new()
    {
        No = subject.No,
        IsTopUp = subject.TopUp is not null,
        Phone = phone,
        PaidFen = subject.Order?.PaidFen ?? subject.TopUp?.PaidFen ?? 0,
        SurplusFen = subject.Order?.SurplusFen ?? 0,
        HoldFen = subject.Order?.HoldFen ?? 0,
        UsedFen = subject.Order?.UsedFen ?? 0,
        CreditedFen = subject.TopUp is { State: TopUpState.Credited } credited ? credited.AmountFen : 0,
        OwedFen = subject.Order?.OwedFen ?? subject.TopUp?.OwedFen ?? 0,
        RefundedFen = subject.Order?.RefundedFen ?? subject.TopUp?.RefundedFen ?? 0,
        Entries = { subject.Entries.Select(ToWire) },
    };

    /// <summary>How far the check has come.</summary>
    public static CheckLedgerResponse ToWire(this LedgerProgress progress) => new()
    {
        Number = progress.Number,
        NewestNumber = progress.NewestNumber,
        Entries = progress.Entries,
        Rows = progress.Rows,
        Findings =
        {
            progress.Findings.Select(finding => new Ops.V1.LedgerFinding
            {
                Account = finding.Account,
                KeptFen = finding.KeptFen,
                EntriesFen = finding.EntriesFen,
                EntryKey = finding.EntryKey ?? "",
                Sentence = finding.Sentence,
            }),
        },
    };

    /// <summary>The accounts of the whole operation.</summary>
    public static Ops.V1.LedgerTotals ToWire(this Payments.LedgerTotals totals) => new()
    {
        ProviderFen = totals.ProviderFen,
        RevenueFen = totals.RevenueFen,
        OwedFen = totals.OwedFen,
        BalancesFen = totals.BalancesFen,
        HoldsFen = totals.HoldsFen,
        AdjustmentsFen = totals.AdjustmentsFen,
    };

    private static Ops.V1.LedgerEntry ToWire(Payments.LedgerEntry entry)
    {
        var wire = new Ops.V1.LedgerEntry
        {
            Key = entry.Key,
            Number = entry.Number,
            At = entry.At.ToTimestamp(),
            From = entry.From,
            To = entry.To,
            AmountFen = entry.AmountFen,
        };
        if (entry.BalanceFen is { } balance)
            wire.BalanceFen = balance;
        return wire;
    }

    private static Ops.V1.Reconciliation ToWire(this Reconciled reconciled) => new()
    {
        Date = Written(reconciled.Day),
        Payments = reconciled.Payments,
        PaidFen = reconciled.PaidFen,
        Refunds = reconciled.Refunds,
        RefundedFen = reconciled.RefundedFen,
        Waiting = reconciled.Waiting,
        Differences = { reconciled.Differences.Select(ToWire) },
    };

    private static Ops.V1.Difference ToWire(Payments.Difference difference) => new()
    {
        Kind = difference.Kind switch
        {
            Payments.DifferenceKind.PaymentNotInLedger => Ops.V1.DifferenceKind.PaymentNotInLedger,
            Payments.DifferenceKind.PaymentNotInBill => Ops.V1.DifferenceKind.PaymentNotInBill,
            Payments.DifferenceKind.PaymentAmount => Ops.V1.DifferenceKind.PaymentAmount,
            Payments.DifferenceKind.RefundNotInLedger => Ops.V1.DifferenceKind.RefundNotInLedger,
            Payments.DifferenceKind.RefundNotInBill => Ops.V1.DifferenceKind.RefundNotInBill,
            _ => Ops.V1.DifferenceKind.RefundAmount,
        },
        No = difference.No,
        BillFen = difference.BillFen,
        LedgerFen = difference.LedgerFen,
        Note = difference.Note,
    };

    private static string Written(DateOnly day) => day.ToString(DateForm, CultureInfo.InvariantCulture);
}
