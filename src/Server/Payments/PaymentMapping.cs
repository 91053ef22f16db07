using Charging.Server.Calls;
using Charging.Server.Orders;
using Wire = Charging.Miniprogram.V1;

namespace Charging.Server.Payments;

/// <summary>Payments on the wire of the mini-program.</summary>
public static class PaymentMapping
{
    private const int MaxLoginCode = 128;

    /// <summary>A payment to make, or 403.</summary>
    public static Result<WantedPayment> ToPayment(this Wire.PrepayRequest request, int limitFen) =>
        OrderNo.TryParse(request.Body?.OrderNo, out var orderNo)
        && Fen.TryParseYuan(request.Body!.Amount, limitFen, out var fen)
        && Text.IsClean(request.Body.Code, MaxLoginCode)
            ? new WantedPayment(orderNo, fen, request.Body.Code)
            : ResultCode.InvalidArgument;

    /// <summary>A payment that was made.</summary>
    public static Wire.PrepayResponse.Types.Data ToWire(this PaymentParameters parameters) => new()
    {
        TimeStamp = parameters.TimeStamp,
        NonceStr = parameters.NonceStr,
        Package = parameters.Package,
        SignType = parameters.SignType,
        PaySign = parameters.PaySign,
    };
}
