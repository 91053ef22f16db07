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
}

/// <summary>A provider's answer about a payment.</summary>
/// <param name="State">Whether it was paid.</param>
/// <param name="PaidFen">How much, in fen; 0 unless paid.</param>
public readonly record struct PaymentAnswer(PaymentState State, long PaidFen = 0);

/// <summary>A provider's answer about a refund.</summary>
public enum RefundState
{
    /// <summary>The money is on its way to the payer.</summary>
    Done,

    /// <summary>The provider is at it; ask again.</summary>
    Processing,

    /// <summary>The provider refuses, for example because the merchant's account is empty; try again later.</summary>
    Refused,
}

/// <summary>
/// The port to whoever takes the riders' money. Payments and refunds are named by us, so every call may be repeated.
/// </summary>
public interface IPaymentProvider
{
    /// <summary>Asks whether an order or a top-up was paid (contract sections 7 and 10).</summary>
    /// <param name="orderNo">The number under which it was to be paid.</param>
    /// <param name="expectedFen">What the caller says was paid, in fen, or null when nobody says so. No proof of anything.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ProviderUnavailableException">No answer, or none that says anything.</exception>
    /// <exception cref="UntrustedAnswerException">An answer that does not bear the provider's signature, or contradicts itself.</exception>
    Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken);

    /// <summary>Closes an order or a top-up, so that it can no longer be paid. One that was paid stays paid.</summary>
    /// <exception cref="ProviderUnavailableException">No answer.</exception>
    Task CloseAsync(string orderNo, CancellationToken cancellationToken);

    /// <summary>Sends money back. The same <paramref name="refundNo"/> is one refund, however often it is asked for.</summary>
    /// <exception cref="ProviderUnavailableException">No answer.</exception>
    Task<RefundState> RefundAsync(string refundNo, string orderNo, long fen, long paidFen, CancellationToken cancellationToken);
}

/// <summary>The provider's answer cannot be trusted. Answered as 402.</summary>
public sealed class UntrustedAnswerException(string message) : Exception(message);
