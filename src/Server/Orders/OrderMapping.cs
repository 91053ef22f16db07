using System.Globalization;
using System.Text.Json;
using Charging.Miniprogram.V1;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Server.Orders;

/// <summary>Orders on the wire of the mini-program.</summary>
public static class OrderMapping
{
    private const string None = "-";

    /// <summary>A plug of a registered pile: 403 when it is malformed or out of range, 3003 when the pile is unknown.</summary>
    public static Result<NamedPlug> ToPlug(this PileRegistry piles, string? deviceNo, string? plug)
    {
        if (!DeviceNo.TryParse(deviceNo, out var device) || plug is not { Length: 2 } || !plug.All(char.IsAsciiHexDigit))
            return ResultCode.InvalidArgument;
        if (piles.Find(device) is not { RetiredAt: null } pile)
            return ResultCode.PileNotFound;
        return pile.ReadPlug(plug) is { } id ? new NamedPlug(id, pile.WritePlug(id.Number)) : ResultCode.InvalidArgument;
    }

    /// <summary>A charge to start, or, with neither order nor amount, a plug to let go. One of the two alone is 403.</summary>
    public static Result<ChargeRequest> ToCharge(this PileRegistry piles, MobilePaymentChargingRequest.Types.Body? body, int limitFen)
    {
        if (body is null)
            return ResultCode.InvalidArgument;
        var leaves = body.OrderNo.Length == 0 && body.Amount is null;
        var fen = 0L;
        var orderNo = default(OrderNo);
        if (!leaves && (!OrderNo.TryParse(body.OrderNo, out orderNo) || !Fen.TryParseYuan(body.Amount, limitFen, out fen)))
            return ResultCode.InvalidArgument;
        return piles.ToPlug(body.DeviceNo, body.Plug)
            .Then<ChargeRequest>(plug => new ChargeRequest(plug.Id, leaves ? null : orderNo, fen));
    }

    /// <summary>An order to pay from the balance; both the order and the amount must be there.</summary>
    public static Result<BalanceRequest> ToBalancePayment(this PileRegistry piles, PayWithBalanceRequest.Types.Body? body, int limitFen) =>
        OrderNo.TryParse(body?.OrderNo, out var orderNo) && Fen.TryParseYuan(body!.Amount, limitFen, out var fen)
            ? piles.ToPlug(body.DeviceNo, body.Plug).Then<BalanceRequest>(plug => new BalanceRequest(plug.Id, orderNo, fen))
            : ResultCode.InvalidArgument;

    /// <summary>An order's number, or 403.</summary>
    public static Result<OrderNo> ToOrderNo(string? text) => OrderNo.TryParse(text, out var orderNo) ? orderNo : ResultCode.InvalidArgument;

    /// <summary>A page: number from 1, size 1 to 100, wrapped in `body` or not.</summary>
    public static Result<PageRequest> ToPage(this GetOrderRecordRequest request)
    {
        var (number, size) = request.Body is { } body ? (body.PageNum, body.PageSize) : (request.PageNum, request.PageSize);
        return number >= 1 && size is >= 1 and <= 100 ? new PageRequest(number, size) : ResultCode.InvalidArgument;
    }

    /// <summary>A page of orders.</summary>
    public static OrderPage ToWire(this OrderList list)
    {
        var page = new OrderPage { Total = list.Total };
        page.List.AddRange(list.Orders.Select(ToWire));
        return page;
    }

    /// <summary>An order with its tariff.</summary>
    public static Miniprogram.V1.ChargingDetail ToWire(this ChargingDetail detail)
    {
        var message = new Miniprogram.V1.ChargingDetail
        {
            State = Name(detail.State),
            DeviceNo = detail.Order.Plug.Device.ToString(),
            PlugNo = detail.Order.PlugText,
            StartTime = Minute(detail.Order.StartedAt),
            Seconds = detail.Order.Seconds,
            EnergyWh = detail.Order.EnergyWh,
            PowerW = detail.PowerW,
            Paid = Fen.ToYuan(detail.Order.PaidFen),
            Used = Fen.ToYuan(detail.UsedFen),
            Refunded = Fen.ToYuan(detail.Order.RefundedFen),
            Tariff = detail.Order.Tariff.ToWire(),
        };
        if (detail.Order.Debt is { LeftFen: > 0 and var left })
            message.Owed = Fen.ToYuan(left);
        return message;
    }

    private static Miniprogram.V1.Order ToWire(Order order) => new()
    {
        OrderNo = order.No.ToString(),
        DeviceNo = order.Plug.Device.ToString(),
        CardNo = order.CardNo is { } card ? Value.ForString(card) : Value.ForNull(),
        PlugNo = order.PlugText,
        OrderTag = (int)order.Tag,
        Amount = Fen.ToYuan(order.PaidFen),
        CmdStatus = (int)order.StartCommand,
        ChargingStartTime = Minute(order.StartedAt),
        ChargingEndTime = Minute(order.EndedAt),
        ElapsedTime = order.EndedAt is null || order.StartedAt is null ? None : Duration(order.Seconds),
    };

    // As the document spells its fields: the first letter small.
    private static string Name(OrderState state) => JsonNamingPolicy.CamelCase.ConvertName(state.ToString());

    private static string Minute(DateTimeOffset? time) =>
        time is { } at ? Shanghai.At(at).ToString("yyyy年MM月dd日 HH时mm分", CultureInfo.InvariantCulture) : None;

    private static string Duration(int seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600}小时{seconds / 60 % 60}分");
}
