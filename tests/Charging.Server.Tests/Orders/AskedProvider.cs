using System.Collections.Concurrent;
using Charging.Server.Payments;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Server.Tests.Orders;

/// <summary>A provider that has taken nothing, or whose word is not to be trusted, and remembers when it was asked.</summary>
internal sealed class AskedProvider : IPaymentProvider
{
    private readonly ConcurrentQueue<DateTimeOffset> _askings = new();

    /// <summary>When it was asked about payments.</summary>
    public IReadOnlyCollection<DateTimeOffset> Askings => _askings;

    /// <summary>Its clock.</summary>
    public Func<DateTimeOffset> Now { get; set; } = () => DateTimeOffset.UnixEpoch;

    /// <summary>Whether its answers do not bear its signature.</summary>
    public bool IsUntrusted { get; set; }

    /// <summary>Puts it in the sandbox's place.</summary>
    public void Use(WebApplicationBuilder builder) => builder.Services.AddSingleton<IPaymentProvider>(this);

    public Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken)
    {
        _askings.Enqueue(Now());
        return IsUntrusted ? throw new UntrustedAnswerException("No signature.") : Task.FromResult(new PaymentAnswer(PaymentState.NotPaid));
    }

    public Task CloseAsync(string orderNo, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<RefundState> RefundAsync(string refundNo, string orderNo, long fen, long paidFen, CancellationToken cancellationToken) =>
        Task.FromResult(RefundState.Done);
}
