using System.Globalization;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Charging.Testing.WeChatPay;

/// <summary>An answer or a callback with the headers that sign it, right or wrong.</summary>
internal sealed record SignedMessage(string Body, IReadOnlyDictionary<string, string> Headers)
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes JSON as WeChat Pay does.</summary>
    public static string Write(object? json) => json is null ? "" : JsonSerializer.Serialize(json, Readable);

    /// <summary>Changes what a message says, where a lie is about that and not about the signature.</summary>
    public static JsonObject? Bend(JsonObject? content, Lie lie)
    {
        if (content is null)
            return null;
        switch (lie)
        {
            case Lie.OtherOrder:
                foreach (var number in new[] { "out_trade_no", "out_refund_no" }.Where(content.ContainsKey))
                    content[number] = "201001010000000001";
                break;
            case Lie.OtherMerchant when content.ContainsKey("mchid"):
                content["mchid"] = "1999999999";
                break;
            case Lie.OtherApp when content.ContainsKey("appid"):
                content["appid"] = "wx9999999999999999";
                break;
            case Lie.OtherCurrency when content["amount"] is JsonObject amount:
                amount["currency"] = "USD";
                break;
            case Lie.OtherAmount when content["amount"] is JsonObject amount:
                foreach (var sum in new[] { "total", "refund" }.Where(amount.ContainsKey))
                    amount[sum] = (long)amount[sum]! + 1;
                break;
        }
        return content;
    }

    /// <summary>Signs a body.</summary>
    public static SignedMessage Sign(string body, WeChatIdentity signer, DateTimeOffset now, Lie lie)
    {
        var signed = lie == Lie.Old ? now - TimeSpan.FromMinutes(10) : now;
        var (timestamp, nonce) = (signed.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), RandomNumberGenerator.GetHexString(32, lowercase: true));
        var author = lie == Lie.BadSignature ? WeChatIdentity.Nobody(now) : signer;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["Wechatpay-Timestamp"] = timestamp,
            ["Wechatpay-Nonce"] = nonce,
            ["Wechatpay-Serial"] = lie == Lie.UnknownSerial ? RandomNumberGenerator.GetHexString(40) : signer.Serial,
            ["Wechatpay-Signature"] = (lie == Lie.Probe ? "WECHATPAY/SIGNTEST/" : "") + author.Sign(timestamp, nonce, body),
            ["Wechatpay-Signature-Type"] = "WECHATPAY2-SHA256-RSA2048",
        };
        if (lie == Lie.NoSignature)
            headers.Remove("Wechatpay-Signature");
        return new SignedMessage(lie == Lie.Tampered ? Tamper(body) : body, headers);
    }

    // Another digit before an amount; where there is none in clear, another character in what was sealed.
    private static string Tamper(string body) =>
        body.Contains("\"total\":", StringComparison.Ordinal) ? body.Replace("\"total\":", "\"total\":9", StringComparison.Ordinal)
        : body.Contains("\"ciphertext\":\"", StringComparison.Ordinal) ? body.Replace("\"ciphertext\":\"", "\"ciphertext\":\"AAAA", StringComparison.Ordinal)
        : body + " ";
}
