using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>Sends money back through the provider, until the provider has done it.</summary>
public sealed class Refunds(IStore store, IPaymentProvider provider) : IDueHandler
{
    /// <summary>What an order or top-up is marked with when its refund has failed for long.</summary>
    public const string Overdue = "REFUND_OVERDUE";

    /// <summary>What it is marked with when the payer's account does not take the money: the operator acts at the provider.</summary>
    public const string Abnormal = "REFUND_ABNORMAL";

    private const int TriesBeforeTrouble = 20;
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(6);

    /// <inheritdoc/>
    public DueKind Kind => DueKind.Refund;

    /// <summary>Writes down a refund that is owed, and makes it due. The ledger's entry and the order's sum are the caller's.</summary>
    public static Refund Begin(ITransaction tx, OrderNo orderNo, long? userId, int number, long fen, long paidFen, TimeSpan pause = default)
    {
        var refund = new Refund { OrderNo = orderNo, Number = number, AmountFen = fen, PaidFen = paidFen, OwedAt = tx.Now };
        tx.Put(Refund.Table, refund);
        tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Refund, Subject = refund.No, UserId = userId, DueAt = tx.Now + pause });
        return refund;
    }

    /// <summary>The provider says that something has become of a refund: it is asked now, and not when its pause is over.</summary>
    public Task HearAsync(string refundNo) => RetryAsync(refundNo);

    /// <summary>Whether a refund has been tried for so long that a person should look. A try that ended in a fault counts too.</summary>
    public static bool IsOverdue(DueRow row) => Math.Max(row.Tries, row.Leases) >= TriesBeforeTrouble;

    /// <summary>An operator wants the provider to be asked now.</summary>
    /// <returns>Whether it is a refund that is owed.</returns>
    public Task<bool> RetryAsync(string refundNo) => store.RunAsync(tx => RetryAsync(tx, refundNo));

    /// <summary>The same inside an operation.</summary>
    public static async ValueTask<bool> RetryAsync(ITransaction tx, string refundNo)
    {
        if (await tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Refund, refundNo)) is not { } waiting)
            return false;
        // One that is leased is being asked about at this moment.
        if (waiting.LeasedBy is null)
            tx.Put(DueRows.Table, waiting with { DueAt = tx.Now });
        return true;
    }

    /// <inheritdoc/>
    public async Task RunAsync(DueRow row, CancellationToken cancellationToken)
    {
        var refund = await store.RunAsync(tx => BeginTryAsync(tx, row), cancellationToken);
        var state = refund is { Step: RefundStep.Owed } ? await AskAsync(refund, row.Tries, cancellationToken) : RefundState.Unknown;
        await store.RunAsync(tx => RecordAsync(tx, row, state), cancellationToken);
    }

    private static async ValueTask<Refund?> BeginTryAsync(ITransaction tx, DueRow row)
    {
        var refund = await tx.GetAsync(Refund.Table, row.Subject);
        if (refund is { Step: RefundStep.Owed } && IsOverdue(row))
            await MarkAsync(tx, refund, Overdue);
        return refund;
    }

    private async Task<RefundState> AskAsync(Refund refund, int tries, CancellationToken cancellationToken)
    {
        try
        {
            var known = tries == 0 ? RefundState.Unknown : await provider.QueryRefundAsync(refund.No, cancellationToken);
            // What the provider has refused, it does not know of, or knows as refused.
            return known is RefundState.Unknown or RefundState.Refused
                ? await provider.RefundAsync(new RefundRequest(refund.No, refund.OrderNo.ToString(), refund.AmountFen, refund.PaidFen), cancellationToken)
                : known;
        }
        catch (Exception e) when (e is ProviderUnavailableException or UntrustedAnswerException)
        {
            // Whether it was taken is not known; asked again, it says so.
            return RefundState.Unknown;
        }
    }

    private static async ValueTask<bool> RecordAsync(ITransaction tx, DueRow row, RefundState state)
    {
        if (!await tx.HoldsAsync(row))
            return false;
        if (await tx.GetAsync(Refund.Table, row.Subject) is not { Step: RefundStep.Owed } refund)
        {
            tx.Done(DueKind.Refund, row.Subject);
            return false;
        }
        switch (state)
        {
            case RefundState.Done:
                await DoneAsync(tx, refund);
                break;
            case RefundState.Closed:
                await RenewAsync(tx, row, refund);
                break;
            default:
                await WaitAsync(tx, row, refund with { LastAnswer = state });
                break;
        }
        return true;
    }

    private static async ValueTask DoneAsync(ITransaction tx, Refund refund)
    {
        await Ledger.RepayAsync(tx, refund);
        tx.Put(Refund.Table, refund with { Step = RefundStep.Done, DoneAt = tx.Now, LastAnswer = null });
        tx.Done(DueKind.Refund, refund.No);
        var key = refund.OrderNo.ToString();
        if (await tx.GetAsync(OrderTables.Orders, key) is { } order)
            tx.Put(OrderTables.Orders, order.Repaid(refund.AmountFen));
        else if (await tx.GetAsync(TopUp.Table, key) is { } topUp)
            tx.Put(TopUp.Table, topUp.Repaid(refund.AmountFen));
    }

    /// <summary>The number is spent and moved nothing: the same money goes back under the next one.</summary>
    private static async ValueTask RenewAsync(ITransaction tx, DueRow row, Refund refund)
    {
        tx.Put(Refund.Table, refund with { Step = RefundStep.Closed });
        tx.Done(DueKind.Refund, refund.No);
        var key = refund.OrderNo.ToString();
        var next = refund.Number + 1;
        if (await tx.GetAsync(OrderTables.Orders, key) is { } order)
        {
            next = order.Refunds + 1;
            tx.Put(OrderTables.Orders, order with { Refunds = next });
        }
        else if (await tx.GetAsync(TopUp.Table, key) is { } topUp)
        {
            next = topUp.Refunds + 1;
            tx.Put(TopUp.Table, topUp with { Refunds = next });
        }
        Begin(tx, refund.OrderNo, row.UserId, next, refund.AmountFen, refund.PaidFen, Pause(next));
    }

    private static async ValueTask WaitAsync(ITransaction tx, DueRow row, Refund refund)
    {
        var again = row.Again(tx.Now + Pause(row.Tries)) with { Tries = row.Tries + 1 };
        tx.Put(DueRows.Table, again);
        tx.Put(Refund.Table, refund);
        var trouble = refund.LastAnswer == RefundState.Abnormal ? Abnormal : IsOverdue(again) ? Overdue : null;
        if (trouble is not null)
            await MarkAsync(tx, refund, trouble);
    }

    private static async ValueTask MarkAsync(ITransaction tx, Refund refund, string trouble)
    {
        var key = refund.OrderNo.ToString();
        if (await tx.GetAsync(OrderTables.Orders, key) is { Trouble: null } order)
            tx.Put(OrderTables.Orders, order with { Trouble = trouble });
        else if (await tx.GetAsync(TopUp.Table, key) is { Trouble: null } topUp)
            tx.Put(TopUp.Table, topUp with { Trouble = trouble });
    }

    private static TimeSpan Pause(int tries)
    {
        var pause = TimeSpan.FromSeconds(30 * Math.Pow(2, Math.Min(tries, 12)));
        return pause < LongestPause ? pause : LongestPause;
    }
}
