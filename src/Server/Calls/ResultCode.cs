namespace Charging.Server.Calls;

/// <summary>What a call came to: the closed set of codes and messages of contract section 2.</summary>
/// <param name="Code">The number that the mini-program sees.</param>
/// <param name="Message">The words that it shows.</param>
public sealed record ResultCode(int Code, string Message)
{
    /// <summary>It worked.</summary>
    public static readonly ResultCode Ok = new(200, "成功");

    /// <summary>No valid token. Ours: the document has none.</summary>
    public static readonly ResultCode Unauthenticated = new(401, "未登录或登录已过期");

    /// <summary>A fault of ours, or a provider's answer that cannot be trusted.</summary>
    public static readonly ResultCode SystemError = new(402, "系统错误");

    /// <summary>The request is malformed, or names what is not the caller's.</summary>
    public static readonly ResultCode InvalidArgument = new(403, "参数错误");

    /// <summary>The provider does not know of a payment (sections 7 and 10).</summary>
    public static readonly ResultCode OrderUnpaid = new(403, "订单未支付");

    /// <summary>The last code still lives, or a daily or hourly limit is reached.</summary>
    public static readonly ResultCode TooFrequent = new(445, "调用太频繁");

    /// <summary>The phone has an account.</summary>
    public static readonly ResultCode PhoneTaken = new(2007, "手机重复");

    /// <summary>The WeChat name has an account.</summary>
    public static readonly ResultCode WxNameTaken = new(2008, "微信号重复");

    /// <summary>The validation code is wrong, used, or too old.</summary>
    public static readonly ResultCode WrongCode = new(2009, "验证码错误");

    /// <summary>`codeType` is neither `register` nor `login`.</summary>
    public static readonly ResultCode UnknownCodeType = new(2013, "验证码类型不存在");

    /// <summary>The phone has no account.</summary>
    public static readonly ResultCode NotRegistered = new(2014, "未注册");

    /// <summary>Somebody else has the plug.</summary>
    public static readonly ResultCode PlugOccupied = new(3001, "插头被占用");

    /// <summary>No pile of that number.</summary>
    public static readonly ResultCode PileNotFound = new(3003, "充电桩不存在");

    /// <summary>The pile is not heard.</summary>
    public static readonly ResultCode PileOffline = new(3004, "充电桩不在线");

    /// <summary>The plug is broken, or was not reported.</summary>
    public static readonly ResultCode PlugFault = new(3005, "插头故障");

    /// <summary>The balance does not cover the payment (payWithBalance). Ours, as is <see cref="StopFailed"/>.</summary>
    public static readonly ResultCode InsufficientBalance = new(3007, "余额不足");

    /// <summary>The balance would cover the payment, but it is locked until it is confirmed whose the account is.</summary>
    public static readonly ResultCode BalanceLocked = new(3007, "余额已锁定，请用原微信付款一次或联系客服");

    /// <summary>The virtual card was not issued, or the card is not known.</summary>
    public static readonly ResultCode CardNotFound = new(4002, "虚拟卡号不存在");

    /// <summary>The caller has a virtual card, or this one is bound.</summary>
    public static readonly ResultCode VirtualCardBound = new(4003, "该用户已绑定虚拟卡");

    /// <summary>The card is another user's.</summary>
    public static readonly ResultCode NotOwner = new(4004, "用户id不匹配");

    /// <summary>The pile has not ended the charge in time (stopCharging).</summary>
    public static readonly ResultCode StopFailed = new(4005, "停止失败，请重试");

    /// <summary>Overload, shutdown, or a provider or store that cannot be reached.</summary>
    public static readonly ResultCode Busy = new(5000, "服务器繁忙");

    /// <summary>A paid order did not start; its money goes back.</summary>
    public static ResultCode StartFailed(string orderNo) => new(4000, $"订单号【{orderNo}】开启失败，请联系客服");
}
