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
    public Task<PaymentParameters> PrepayAsync(PrepayRequest payment, CancellationToken cancellationToken)
    {
        Answer();
        if (_paid.ContainsKey(payment.OrderNo) || _closed.ContainsKey(payment.OrderNo))
            throw new PaymentRefusedException($"{payment.OrderNo} was paid or closed in the sandbox.");
        var seconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Task.FromResult(new PaymentParameters(seconds, Guid.NewGuid().ToString("N"), $"prepay_id=sandbox{payment.OrderNo}", "RSA", "c2FuZGJveA=="));
    }

    /// <inheritdoc/>
    public Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken)
    {
        Answer();
        if (expectedFen is { } fen && Confirms(orderNo))
            Pay(orderNo, fen);
        if (_paid.TryGetValue(orderNo, out var paid))
            return Task.FromResult(new PaymentAnswer(PaymentState.Paid, paid));
        return Task.FromResult(new PaymentAnswer(_closed.ContainsKey(orderNo) ? PaymentState.Closed : PaymentState.NotPaid));
    }

    /// <inheritdoc/>
    public Task CloseAsync(string orderNo, CancellationToken cancellationToken)
    {
        Answer();
        _closed[orderNo] = true;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<RefundState> RefundAsync(RefundRequest refund, CancellationToken cancellationToken)
    {
        Answer();
        if (RefusesRefunds || refund.Fen > refund.PaidFen)
            return Task.FromResult(RefundState.Refused);
        _refunds.TryAdd(refund.No, refund.Fen);
        return Task.FromResult(RefundState.Done);
    }

    /// <inheritdoc/>
    public Task<RefundState> QueryRefundAsync(string refundNo, CancellationToken cancellationToken)
    {
        Answer();
        return Task.FromResult(_refunds.ContainsKey(refundNo) ? RefundState.Done : RefundState.Unknown);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<BillLine>?> BillAsync(DateOnly day, CancellationToken cancellationToken)
    {
        Answer();
        // The sandbox keeps no days: it has no bill.
        return Task.FromResult<IReadOnlyList<BillLine>?>(null);
    }

    private void Answer()
    {
        if (Mode == SandboxMode.Silent)
            throw new ProviderUnavailableException("The sandbox is set to be silent.");
    }

    private bool Confirms(string orderNo) => Mode switch
    {
        SandboxMode.Confirm => true,
        SandboxMode.ConfirmLater => _askings.AddOrUpdate(orderNo, 1, (_, askings) => askings + 1) > EarlyAskings,
        _ => false,
    };
}
