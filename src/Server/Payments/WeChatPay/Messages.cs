using System.Text.Json;
using System.Text.Json.Serialization;

namespace Charging.Server.Payments.WeChatPay;

/// <summary>An amount of money at WeChat Pay, in fen.</summary>
internal sealed record WeChatAmount
{
    /// <summary>What was or is to be paid for the order, coupons of WeChat's included.</summary>
    public long? Total { get; init; }

    /// <summary>What goes back, of a refund.</summary>
    public long? Refund { get; init; }

    /// <summary>Always `CNY`.</summary>
    public string? Currency { get; init; }
}

/// <summary>Who pays.</summary>
internal sealed record WeChatPayer(string Openid);

/// <summary>What `/v3/pay/transactions/jsapi` takes. The same number must come with the same values every time.</summary>
internal sealed record WeChatPrepay(
    string Appid, string Mchid, string Description, string OutTradeNo, string TimeExpire, string NotifyUrl, WeChatAmount Amount, WeChatPayer Payer);

/// <summary>What it answers.</summary>
internal sealed record WeChatPrepaid(string? PrepayId);

/// <summary>What `…/close` takes.</summary>
internal sealed record WeChatClose(string Mchid);

/// <summary>A payment, in an answer or in a callback.</summary>
internal sealed record WeChatTransaction(string? Appid, string? Mchid, string? OutTradeNo, string? TradeState, WeChatAmount? Amount);

/// <summary>What `/v3/refund/domestic/refunds` takes.</summary>
internal sealed record WeChatRefundRequest(string OutTradeNo, string OutRefundNo, string NotifyUrl, WeChatAmount Amount);

/// <summary>A refund, in an answer (`status`) or in a callback (`mchid`, `refund_status`).</summary>
internal sealed record WeChatRefund(string? Mchid, string? OutTradeNo, string? OutRefundNo, string? Status, WeChatAmount? Amount);

/// <summary>Where a bill lies, and what it must hash to.</summary>
internal sealed record WeChatBill(string? DownloadUrl, string? HashType, string? HashValue);

/// <summary>The platform certificates.</summary>
internal sealed record WeChatCertificates(WeChatCertificate[]? Data);

/// <summary>One of them.</summary>
internal sealed record WeChatCertificate(string? SerialNo, SealedResource? EncryptCertificate);

/// <summary>A callback.</summary>
internal sealed record WeChatCallback(string? EventType, SealedResource? Resource);

/// <summary>An error, and what a callback that failed is answered.</summary>
internal sealed record WeChatError(string? Code, string? Message);

/// <summary>How the messages are written: `out_trade_no`, nulls left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WeChatPrepay))]
[JsonSerializable(typeof(WeChatPrepaid))]
[JsonSerializable(typeof(WeChatClose))]
[JsonSerializable(typeof(WeChatTransaction))]
[JsonSerializable(typeof(WeChatRefundRequest))]
[JsonSerializable(typeof(WeChatRefund))]
[JsonSerializable(typeof(WeChatBill))]
[JsonSerializable(typeof(WeChatCertificates))]
[JsonSerializable(typeof(WeChatCallback))]
[JsonSerializable(typeof(WeChatError))]
internal sealed partial class WeChatPayJson : JsonSerializerContext
{
    /// <summary>Reads a message.</summary>
    /// <returns>Null when it cannot be read.</returns>
    public static T? Read<T>(ReadOnlySpan<byte> json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
