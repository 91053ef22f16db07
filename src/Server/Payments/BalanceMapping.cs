using Charging.Miniprogram.V1;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Orders;

namespace Charging.Server.Payments;

/// <summary>Top-ups on the wire of the mini-program.</summary>
public static class BalanceMapping
{
    /// <summary>What a rider may spend, and what is locked.</summary>
    public static GetBalanceResponse.Types.Data ToBalance(this User user)
    {
        var data = new GetBalanceResponse.Types.Data { Balance = Fen.ToYuan(user.SpendableFen) };
        if (user.Lock is { } locked)
            data.Locked = Fen.ToYuan(locked.BalanceFen);
        return data;
    }

    /// <summary>A top-up to make, or 403.</summary>
    public static Result<TopUpRequest> ToTopUp(this GetBalanceOrderNoRequest request, int limitFen) =>
        Phone.TryParse(request.Body?.Phone, out var phone) && Fen.TryParseYuan(request.Body?.Amount, limitFen, out var fen)
            ? new TopUpRequest(phone, fen)
            : ResultCode.InvalidArgument;

    /// <summary>A top-up to credit, or 403. The document's example sends its number as `deviceNo`; both at once must agree.</summary>
    public static Result<TopUpRequest> ToTopUp(this AddBalanceRequest request, int limitFen)
    {
        if (request.Body is not { } body || (body.OrderNo.Length > 0 && body.DeviceNo.Length > 0 && body.OrderNo != body.DeviceNo))
            return ResultCode.InvalidArgument;
        return OrderNo.TryParse(body.OrderNo.Length > 0 ? body.OrderNo : body.DeviceNo, out var orderNo)
            && Phone.TryParse(body.Phone, out var phone)
            && Fen.TryParseYuan(body.Amount, limitFen, out var fen)
                ? new TopUpRequest(phone, fen, orderNo)
                : ResultCode.InvalidArgument;
    }
}
