using Charging.Miniprogram.V1;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Grpc.Core;

namespace Charging.Server.Orders;

/// <summary>Sections 6, 7, 8 and 13, payWithBalance, stopCharging and getChargingDetail on the wire.</summary>
public sealed class OrderRpc(
    PileRegistry piles,
    Reservations reservations,
    MobilePayment payment,
    BalancePayment balancePayment,
    StopRequests stops,
    ChargingDetails details,
    OrderRecords records,
    OrderOptions options) : OrderService.OrderServiceBase
{
    private const string RecordsMessage = "操作成功";

    /// <inheritdoc/>
    public override Task<GetOrderNoResponse> GetOrderNo(GetOrderNoRequest request, ServerCallContext context) =>
        piles.ToPlug(request.Body?.DeviceNo, request.Body?.Plug)
            .ThenAsync(plug => reservations.ReserveAsync(context.Caller(), plug))
            .AnswerAsync((GetOrderNoResponse answer, OrderNo orderNo) => answer.Data = orderNo.ToString());

    /// <inheritdoc/>
    public override Task<MobilePaymentChargingResponse> MobilePaymentCharging(MobilePaymentChargingRequest request, ServerCallContext context) =>
        piles.ToCharge(request.Body, options.LimitFen)
            .ThenAsync(charge => payment.ChargeAsync(context.Caller(), charge, context.CancellationToken))
            .AnswerAsync<MobilePaymentChargingResponse>();

    /// <inheritdoc/>
    public override Task<PayWithBalanceResponse> PayWithBalance(PayWithBalanceRequest request, ServerCallContext context) =>
        piles.ToBalancePayment(request.Body, options.LimitFen)
            .ThenAsync(charge => balancePayment.ChargeAsync(context.Caller(), charge, context.CancellationToken))
            .AnswerAsync<PayWithBalanceResponse>();

    /// <inheritdoc/>
    public override Task<StopChargingResponse> StopCharging(StopChargingRequest request, ServerCallContext context) =>
        OrderMapping.ToOrderNo(request.Body?.OrderNo)
            .ThenAsync(orderNo => stops.StopAsync(context.Caller(), orderNo, context.CancellationToken))
            .AnswerAsync<StopChargingResponse>();

    /// <inheritdoc/>
    public override Task<GetChargingDetailResponse> GetChargingDetail(GetChargingDetailRequest request, ServerCallContext context) =>
        OrderMapping.ToOrderNo(request.Body?.OrderNo)
            .ThenAsync(orderNo => details.FindAsync(context.Caller(), orderNo))
            .AnswerAsync((GetChargingDetailResponse answer, ChargingDetail detail) => answer.Data = detail.ToWire());

    /// <inheritdoc/>
    public override Task<GetOrderRecordResponse> GetOrderRecord(GetOrderRecordRequest request, ServerCallContext context) =>
        request.ToPage()
            .ThenAsync(page => records.PageAsync(context.Caller(), page))
            .AnswerAsync((GetOrderRecordResponse answer, OrderList list) => answer.Data = list.ToWire(), RecordsMessage);
}
