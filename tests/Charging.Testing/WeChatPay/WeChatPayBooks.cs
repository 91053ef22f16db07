using System.Globalization;

namespace Charging.Testing.WeChatPay;

/// <summary>A payment in WeChat Pay's books.</summary>
public sealed record BookedPayment
{
    /// <summary>`out_trade_no`.</summary>
    public required string OrderNo { get; init; }

    /// <summary>The amount, in fen.</summary>
    public required long Fen { get; init; }

    /// <summary>Who pays.</summary>
    public required string OpenId { get; init; }

    /// <summary>Where it is told of.</summary>
    public required string NotifyUrl { get; init; }

    /// <summary>After when it cannot be paid.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The request that made it: another one under its number is refused.</summary>
    public required string Request { get; init; }

    /// <summary>`NOTPAY`, `SUCCESS`, `CLOSED`.</summary>
    public string State { get; init; } = "NOTPAY";

    /// <summary>When it was paid.</summary>
    public DateTimeOffset? PaidAt { get; init; }

    /// <summary>How often it was asked about since it was paid.</summary>
    public int Queries { get; init; }
}

/// <summary>A refund in WeChat Pay's books.</summary>
public sealed record BookedRefund
{
    /// <summary>`out_refund_no`.</summary>
    public required string No { get; init; }

    /// <summary>`out_trade_no`.</summary>
    public required string OrderNo { get; init; }

    /// <summary>The amount, in fen.</summary>
    public required long Fen { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Where its end is told of.</summary>
    public required string NotifyUrl { get; init; }

    /// <summary>`PROCESSING`, `SUCCESS`, `ABNORMAL`, `CLOSED`.</summary>
    public required string Status { get; init; }
}

/// <summary>What WeChat Pay has written down. It is the truth, whatever the double answers.</summary>
public sealed class WeChatPayBooks
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, BookedPayment> _payments = [];
    private readonly Dictionary<string, BookedRefund> _refunds = [];

    /// <summary>What was paid, in fen, by order number.</summary>
    public IReadOnlyDictionary<string, long> Payments => Read(() => _payments.Values.Where(p => p.State == "SUCCESS").ToDictionary(p => p.OrderNo, p => p.Fen));

    /// <summary>What went back, in fen, by refund number.</summary>
    public IReadOnlyDictionary<string, long> Refunds => Read(() => _refunds.Values.Where(r => r.Status == "SUCCESS").ToDictionary(r => r.No, r => r.Fen));

    /// <summary>What the merchant has, in fen.</summary>
    public long BalanceFen => Payments.Values.Sum() - Refunds.Values.Sum();

    /// <summary>A payment; null when there is none of that number.</summary>
    public BookedPayment? Payment(string orderNo) => Read(() => _payments.GetValueOrDefault(orderNo));

    /// <summary>A refund; null when there is none of that number.</summary>
    public BookedRefund? Refund(string refundNo) => Read(() => _refunds.GetValueOrDefault(refundNo));

    /// <summary>All payments and refunds.</summary>
    internal (List<BookedPayment> Payments, List<BookedRefund> Refunds) All() => Read(() => (_payments.Values.ToList(), _refunds.Values.ToList()));

    /// <summary>Changes a payment, or makes one; the change sees what is there and nothing comes between.</summary>
    internal BookedPayment? Change(string orderNo, Func<BookedPayment?, BookedPayment?> change) => Read(() =>
        change(_payments.GetValueOrDefault(orderNo)) is { } changed ? _payments[orderNo] = changed : null);

    /// <summary>Books a refund.</summary>
    /// <returns>It, as it stands, or an error code.</returns>
    internal (BookedRefund? Refund, string? Error) Book(BookedRefund refund, long total) => Read<(BookedRefund?, string?)>(() =>
    {
        if (_refunds.TryGetValue(refund.No, out var known))
            return (known.OrderNo, known.Fen) == (refund.OrderNo, refund.Fen) ? (known, null) : (null, "INVALID_REQUEST");
        if (_payments.GetValueOrDefault(refund.OrderNo) is not { State: "SUCCESS" } payment)
            return (null, "RESOURCE_NOT_EXISTS");
        var gone = _refunds.Values.Where(r => r.OrderNo == refund.OrderNo && r.Status != "CLOSED").Sum(r => r.Fen);
        if (total != payment.Fen || refund.Fen < 1 || gone + refund.Fen > payment.Fen)
            return (null, "INVALID_REQUEST");
        return (_refunds[refund.No] = refund, null);
    });

    /// <summary>A refund comes to its end.</summary>
    internal BookedRefund End(string refundNo, string status) => Read(() => _refunds[refundNo] = _refunds[refundNo] with { Status = status });

    /// <summary>The trade bill of a day in Shanghai, as a file.</summary>
    internal string? Bill(DateOnly day, string appId, string mchId, Func<string, bool> isMissing)
    {
        var (payments, refunds) = All();
        var paid = payments.Where(p => p.State == "SUCCESS" && Day(p.PaidAt!.Value) == day && !isMissing(p.OrderNo)).ToList();
        var back = refunds.Where(r => Day(r.At) == day && !isMissing(r.No)).ToList();
        if (paid.Count + back.Count == 0)
            return null;
        var rows = paid.Select(p => Row(p.PaidAt!.Value, p.OrderNo, "SUCCESS", p.Fen, "0", 0, ""))
            .Concat(back.Select(r => Row(r.At, r.OrderNo, "REFUND", 0, r.No, r.Fen, r.Status == "CLOSED" ? "FAIL" : r.Status)));
        string[] lines =
        [
            "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,"
                + "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注",
            .. rows,
            "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额",
            $"`{paid.Count + back.Count},`{Yuan(paid.Sum(p => p.Fen))},`{Yuan(back.Sum(r => r.Fen))},`0.00,`0.00000,`{Yuan(paid.Sum(p => p.Fen))},`{Yuan(back.Sum(r => r.Fen))}",
        ];
        return '\uFEFF' + string.Join("\r\n", lines) + "\r\n";

        string Row(DateTimeOffset at, string orderNo, string state, long fen, string refundNo, long refundFen, string refundState) =>
            '`' + string.Join(",`", Shanghai(at).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), appId, mchId, "0", "", $"42{orderNo}",
                orderNo, "oPayer", "JSAPI", state, "OTHERS", "CNY", Yuan(fen), "0.00", refundNo == "0" ? "0" : $"50{refundNo}", refundNo, Yuan(refundFen), "0.00",
                refundState.Length == 0 ? "" : "ORIGINAL", refundState, "充电,一次", "", "0.00000", "0.60%", Yuan(fen), Yuan(refundFen), "");
    }

    private static DateTimeOffset Shanghai(DateTimeOffset time) => time.ToOffset(TimeSpan.FromHours(8));

    private static DateOnly Day(DateTimeOffset time) => DateOnly.FromDateTime(Shanghai(time).DateTime);

    private static string Yuan(long fen) => (fen / 100m).ToString("0.00", CultureInfo.InvariantCulture);

    private T Read<T>(Func<T> read)
    {
        lock (_gate)
            return read();
    }
}
