using System.Collections.Concurrent;
using Charging.Server.Payments;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Server.Tests.Payments;

/// <summary>A provider that closes and sends back what it is asked to; a test says what it answers about payments.</summary>
internal abstract class TestProvider : IPaymentProvider
{
    public ConcurrentDictionary<string, long> Refunds { get; } = new();

    /// <summary>Puts it in the sandbox's place.</summary>
    public void Use(WebApplicationBuilder builder) => builder.Services.AddSingleton<IPaymentProvider>(this);

    public virtual Task<PaymentParameters> PrepayAsync(PrepayRequest payment, CancellationToken cancellationToken) =>
        Task.FromResult(new PaymentParameters("1", "nonce", $"prepay_id={payment.OrderNo}", "RSA", "sign"));

    public abstract Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken);

    public virtual Task CloseAsync(string orderNo, CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual Task<RefundState> RefundAsync(RefundRequest refund, CancellationToken cancellationToken)
    {
        Refunds.TryAdd(refund.No, refund.Fen);
        return Task.FromResult(RefundState.Done);
    }

    public virtual Task<RefundState> QueryRefundAsync(string refundNo, CancellationToken cancellationToken) =>
        Task.FromResult(Refunds.ContainsKey(refundNo) ? RefundState.Done : RefundState.Unknown);

    /// <summary>The bills that it has made.</summary>
    public ConcurrentDictionary<DateOnly, IReadOnlyList<BillLine>> Bills { get; } = new();

    public Task<IReadOnlyList<BillLine>?> BillAsync(DateOnly day, CancellationToken cancellationToken) =>
        Task.FromResult(Bills.GetValueOrDefault(day));
}
