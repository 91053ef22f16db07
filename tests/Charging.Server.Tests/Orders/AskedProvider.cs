using System.Collections.Concurrent;
using Charging.Server.Payments;
using Charging.Server.Tests.Payments;

namespace Charging.Server.Tests.Orders;

/// <summary>A provider that has taken nothing, or whose word is not to be trusted, and remembers when it was asked.</summary>
internal sealed class AskedProvider : TestProvider
{
    private readonly ConcurrentQueue<DateTimeOffset> _askings = new();

    /// <summary>When it was asked about payments.</summary>
    public IReadOnlyCollection<DateTimeOffset> Askings => _askings;

    /// <summary>Its clock.</summary>
    public Func<DateTimeOffset> Now { get; set; } = () => DateTimeOffset.UnixEpoch;

    /// <summary>Whether its answers do not bear its signature.</summary>
    public bool IsUntrusted { get; set; }

    public override Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken)
    {
        _askings.Enqueue(Now());
        return IsUntrusted ? throw new UntrustedAnswerException("No signature.") : Task.FromResult(new PaymentAnswer(PaymentState.NotPaid));
    }
}
