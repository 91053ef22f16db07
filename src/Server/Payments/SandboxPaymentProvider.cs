using System.Collections.Concurrent;
using Charging.Server.Calls;

namespace Charging.Server.Payments;

/// <summary>How the sandbox answers when it is asked about a payment that somebody says was made.</summary>
public enum SandboxMode
{
    /// <summary>It was.</summary>
    Confirm,

    /// <summary>It was, but the first two askings come too early.</summary>
    ConfirmLater,

    /// <summary>It was not.</summary>
    Refuse,

    /// <summary>No answer.</summary>
    Silent,
}

/// <summary>
/// A payment provider that confirms what it is told, for Development. It gives charges away, so elsewhere it needs
/// `Charging:AllowSandbox` (contract section 7).
/// </summary>
public sealed class SandboxPaymentProvider(PaymentOptions options) : IPaymentProvider
{
    private const int EarlyAskings = 2;

    private readonly ConcurrentDictionary<string, long> _paid = new();
    private readonly ConcurrentDictionary<string, int> _askings = new();
    private readonly ConcurrentDictionary<string, long> _refunds = new();
    private readonly ConcurrentDictionary<string, bool> _closed = new();

    /// <summary>How it answers. May be changed at any time.</summary>
    public SandboxMode Mode { get; set; } = options.Sandbox;

    /// <summary>Whether it refuses refunds, as a merchant's empty account does.</summary>
    public bool RefusesRefunds { get; set; }

    /// <summary>What was paid, in fen, by order number.</summary>
    public IReadOnlyDictionary<string, long> Payments => _paid;

    /// <summary>What went back, in fen, by refund number.</summary>
    public IReadOnlyDictionary<string, long> Refunds => _refunds;

    /// <summary>A rider pays, whatever the mode.</summary>
    public void Pay(string orderNo, long fen) => _paid.TryAdd(orderNo, fen);

    /// <inheritdoc/>
    public Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken)
    {
        if (Mode == SandboxMode.Silent)
            throw new ProviderUnavailableException("The sandbox is set to be silent.");
        if (expectedFen is { } fen && Confirms(orderNo))
            Pay(orderNo, fen);
        if (_paid.TryGetValue(orderNo, out var paid))
            return Task.FromResult(new PaymentAnswer(PaymentState.Paid, paid));
        return Task.FromResult(new PaymentAnswer(_closed.ContainsKey(orderNo) ? PaymentState.Closed : PaymentState.NotPaid));
    }

    /// <inheritdoc/>
    public Task CloseAsync(string orderNo, CancellationToken cancellationToken)
    {
        if (Mode == SandboxMode.Silent)
            throw new ProviderUnavailableException("The sandbox is set to be silent.");
        _closed[orderNo] = true;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<RefundState> RefundAsync(string refundNo, string orderNo, long fen, long paidFen, CancellationToken cancellationToken)
    {
        if (Mode == SandboxMode.Silent)
            throw new ProviderUnavailableException("The sandbox is set to be silent.");
        if (RefusesRefunds || fen > paidFen)
            return Task.FromResult(RefundState.Refused);
        _refunds.TryAdd(refundNo, fen);
        return Task.FromResult(RefundState.Done);
    }

    private bool Confirms(string orderNo) => Mode switch
    {
        SandboxMode.Confirm => true,
        SandboxMode.ConfirmLater => _askings.AddOrUpdate(orderNo, 1, (_, askings) => askings + 1) > EarlyAskings,
        _ => false,
    };
}
