using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>A refund, and what is still done for it.</summary>
/// <param name="Refund">The refund.</param>
/// <param name="Due">When the provider is asked next, and how often it was; null once it is done.</param>
public sealed record OwedRefund(Refund Refund, DueRow? Due)
{
    /// <summary>Why a person must act; null while nobody must.</summary>
    public string? Trouble => (Refund, Due) switch
    {
        ({ Step: not RefundStep.Owed }, _) => null,
        ({ LastAnswer: RefundState.Abnormal }, _) => Refunds.Abnormal,
        (_, { } due) when Refunds.IsOverdue(due) => Refunds.Overdue,
        _ => null,
    };

    /// <summary>Refunds with what is due for them.</summary>
    public static Task<IReadOnlyList<OwedRefund>> ReadAsync(IStore store, IReadOnlyList<string> refundNos) =>
        store.RunAsync<IReadOnlyList<OwedRefund>>(async tx =>
        {
            var owed = new List<OwedRefund>();
            foreach (var no in refundNos)
            {
                if (await tx.GetAsync(Refund.Table, no) is { } refund)
                    owed.Add(new OwedRefund(refund, await tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Refund, no))));
            }
            return owed;
        });
}
