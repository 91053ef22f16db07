using Charging.Server.Calls;

namespace Charging.Server.Payments;

/// <summary>What a provider knows of a payment.</summary>
public enum PaymentState
{
    /// <summary>Nothing was paid, or not yet.</summary>
    NotPaid,

    /// <summary>It was paid.</summary>
    Paid,

    /// <summary>It was closed and can no longer be paid.</summary>
    Closed,

    /// <summary>It was paid, and some of it has gone back, or all. Who learns of the payment only now gives nothing for it.</summary>
    Refunded,
}

/// <summary>A provider's answer about a payment.</summary>
/// <param name="State">Whether it was paid.</param>
/// <param name="PaidFen">How much, in fen; 0 unless paid.</param>
public readonly record struct PaymentAnswer(PaymentState State, long PaidFen = 0);

/// <summary>A provider's answer about a refund.</summary>
public enum RefundState
{
    /// <summary>The money has gone back to the payer.</summary>
    Done,

    /// <summary>The provider is at it; ask again.</summary>
    Processing,

    /// <summary>The provider refuses for now, for example because the merchant's account is empty; try again later.</summary>
    Refused,

    /// <summary>The payer's account does not take it, for example because the bank card is gone: a person must act.</summary>
    Abnormal,

    /// <summary>This refund was given up by the provider and moved nothing: it needs a new number.</summary>
    Closed,

    /// <summary>The provider does not know of this refund.</summary>
    Unknown,
}

/// <summary>Money to send back.</summary>
/// <param name="No">Our number of the refund: up to 64 letters and digits; the same number is one refund.</param>
/// <param name="OrderNo">The order or top-up that was paid.</param>
/// <param name="Fen">How much goes back, in fen.</param>
/// <param name="PaidFen">How much was paid, in fen.</param>
public readonly record struct RefundRequest(string No, string OrderNo, long Fen, long PaidFen);

/// <summary>A payment to be made in the mini-program.</summary>
/// <param name="OrderNo">The order or top-up.</param>
/// <param name="Fen">How much, in fen.</param>
/// <param name="OpenId">Who pays, as the mini-program's WeChat knows them.</param>
/// <param name="Description">What the payer reads, up to 40 characters.</param>
/// <param name="ExpiresAt">After when it cannot be paid any more, UTC.</param>
public readonly record struct PrepayRequest(string OrderNo, long Fen, string OpenId, string Description, DateTimeOffset ExpiresAt);

/// <summary>What `wx.requestPayment` takes.</summary>
/// <param name="TimeStamp">Seconds since 1970, as text.</param>
/// <param name="NonceStr">A random string.</param>
/// <param name="Package">`prepay_id=…`.</param>
/// <param name="SignType">`RSA`.</param>
/// <param name="PaySign">The signature, base64.</param>
public sealed record PaymentParameters(string TimeStamp, string NonceStr, string Package, string SignType, string PaySign);

/// <summary>A line of the provider's bill.</summary>
/// <param name="No">The order or top-up for a payment, the refund for a refund.</param>
/// <param name="OrderNo">The order or top-up that it is about.</param>
/// <param name="Fen">How much, in fen.</param>
/// <param name="IsRefund">Whether the money went back.</param>
public readonly record struct BillLine(string No, string OrderNo, long Fen, bool IsRefund);

/// <summary>
/// The port to whoever takes the riders' money. Payments and refunds are named by us, so every call may be repeated.
/// Every call throws <see cref="ProviderUnavailableException"/> when there is no answer, or none that says anything (the call
/// may have taken effect), and <see cref="UntrustedAnswerException"/> for an answer that does not bear the provider's signature
/// or contradicts itself.
/// </summary>
public interface IPaymentProvider
{
    /// <summary>Makes a payment that the rider can confirm in the mini-program (contract section 6).</summary>
    /// <exception cref="PaymentRefusedException">The provider will not: the number was paid, closed, or made with another amount.</exception>
    Task<PaymentParameters> PrepayAsync(PrepayRequest payment, CancellationToken cancellationToken);

    /// <summary>Asks whether an order or a top-up was paid (contract sections 7 and 10).</summary>
    /// <param name="orderNo">The number under which it was to be paid.</param>
    /// <param name="expectedFen">What the caller says was paid, in fen, or null when nobody says so. No proof of anything.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken);

    /// <summary>Closes an order or a top-up, so that it can no longer be paid. One that was paid stays paid.</summary>
    Task CloseAsync(string orderNo, CancellationToken cancellationToken);

    /// <summary>Sends money back. The same number is one refund, however often it is asked for.</summary>
    Task<RefundState> RefundAsync(RefundRequest refund, CancellationToken cancellationToken);

    /// <summary>Asks what became of a refund.</summary>
    Task<RefundState> QueryRefundAsync(string refundNo, CancellationToken cancellationToken);

    /// <summary>What the provider took and sent back on a day in Asia/Shanghai; null while it has not made that day's bill yet.</summary>
    Task<IReadOnlyList<BillLine>?> BillAsync(DateOnly day, CancellationToken cancellationToken);
}

/// <summary>The provider's answer cannot be trusted. Answered as 402.</summary>
public sealed class UntrustedAnswerException(string message) : Exception(message);

/// <summary>The provider will not take a payment under this number. Answered as 403.</summary>
public sealed class PaymentRefusedException(string message) : Exception(message);
