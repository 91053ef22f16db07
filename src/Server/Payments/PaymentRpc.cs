using Charging.Miniprogram.V1;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Grpc.Core;

namespace Charging.Server.Payments;

/// <summary>prepay on the wire.</summary>
public sealed class PaymentRpc(Prepayments prepayments, OrderOptions options) : PaymentService.PaymentServiceBase
{
    /// <inheritdoc/>
    public override Task<PrepayResponse> Prepay(Miniprogram.V1.PrepayRequest request, ServerCallContext context) =>
        request.ToPayment(options.LimitFen)
            .ThenAsync(payment => prepayments.MakeAsync(context.Caller(), payment, context.CancellationToken))
            .AnswerAsync((PrepayResponse answer, PaymentParameters parameters) => answer.Data = parameters.ToWire());
}
