using System.Diagnostics;
using Charging.Miniprogram.V1;
using Charging.Server.Orders;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Charging.Server.Telemetry;

/// <summary>
/// Puts each call that is about an order into the order's trace. Only there when traces are sent somewhere. getOrderNo is
/// about the order that it answers.
/// </summary>
public sealed class TraceInterceptor(TimeProvider clock) : Interceptor
{
    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        var name = context.Method[(context.Method.LastIndexOf('/') + 1)..];
        var began = clock.GetUtcNow();
        using var span = OrderOf(request) is { } orderNo ? ChargeTrace.Begin(name, ActivityKind.Server, orderNo, began) : null;
        var response = await continuation(request, context);
        using var late = span is null && response is GetOrderNoResponse { HasData: true } made
            ? ChargeTrace.Begin(name, ActivityKind.Server, made.Data, began)
            : null;
        if ((span ?? late) is { } written)
        {
            written.SetTag("charging.code", (response as IAnswer)?.Code);
            written.SetEndTime(clock.GetUtcNow().UtcDateTime);
        }
        return response;
    }

    private static string? OrderOf(object request)
    {
        if (request is not IMessage message)
            return null;
        if (message.Descriptor.FindFieldByName("body") is { MessageType: not null } field)
            message = field.Accessor.GetValue(message) as IMessage ?? message;
        return message.Descriptor.FindFieldByName("order_no")?.Accessor.GetValue(message) is string text && OrderNo.TryParse(text, out var orderNo) ? orderNo.ToString() : null;
    }
}
