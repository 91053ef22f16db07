using Charging.Ops.V1;
using Charging.Server.Payments;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Server.Operations;

/// <summary>Refunds on the wire of the operators.</summary>
internal static class RefundOpsMapping
{
    private const int LongestNo = 64;

    /// <summary>The number of a refund, or INVALID_ARGUMENT.</summary>
    public static string ToRefundNo(this string text) => text.Length is > 0 and <= LongestNo && text.All(char.IsAsciiLetterOrDigit)
        ? text
        : throw Refusal.Invalid($"refund_no '{Refusal.Shown(text)}' is no number of a refund: give at most {LongestNo} letters and digits.");

    /// <summary>Insists that a refund was owed.</summary>
    public static RetryRefundResponse OrNotOwed(this bool wasOwed, string refundNo) => wasOwed
        ? new RetryRefundResponse()
        : throw Refusal.NotFound($"No refund {refundNo} is owed: 'refunds list --owed' shows those that are.");

    /// <summary>A refund, and the phone of its rider.</summary>
    public static Ops.V1.Refund ToWire(this OwedRefund owed, string phone)
    {
        var (refund, due) = owed;
        return new Ops.V1.Refund
        {
            RefundNo = refund.No,
            No = refund.OrderNo.ToString(),
            Phone = phone,
            AmountFen = refund.AmountFen,
            PaidFen = refund.PaidFen,
            Step = refund.Step switch
            {
                Payments.RefundStep.Owed => Ops.V1.RefundStep.Owed,
                Payments.RefundStep.Done => Ops.V1.RefundStep.Done,
                _ => Ops.V1.RefundStep.Closed,
            },
            OwedAt = refund.OwedAt.ToTimestamp(),
            DoneAt = refund.DoneAt?.ToTimestamp(),
            LastAnswer = refund.LastAnswer switch
            {
                RefundState.Processing => RefundAnswer.Processing,
                RefundState.Refused => RefundAnswer.Refused,
                RefundState.Abnormal => RefundAnswer.Abnormal,
                RefundState.Unknown => RefundAnswer.Unknown,
                _ => RefundAnswer.Unspecified,
            },
            Tries = due?.Tries ?? 0,
            NextTryAt = due?.DueAt.ToTimestamp(),
            Trouble = owed.Trouble ?? "",
        };
    }
}
