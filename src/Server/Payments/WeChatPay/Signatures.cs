using System.Globalization;
using System.Text;

namespace Charging.Server.Payments.WeChatPay;

/// <summary>What is signed: the texts of WECHATPAY2-SHA256-RSA2048, each line ended by a line feed, the last one too.</summary>
internal static class Signatures
{
    /// <summary>Name of the scheme, in `Authorization`.</summary>
    public const string Scheme = "WECHATPAY2-SHA256-RSA2048";

    /// <summary>What a merchant signs of a request.</summary>
    /// <param name="method">For example `GET`.</param>
    /// <param name="pathAndQuery">The address without its host, as it is sent.</param>
    /// <param name="timestamp">Seconds since 1970.</param>
    /// <param name="nonce">A random string.</param>
    /// <param name="body">The body as it is sent; empty without one.</param>
    public static byte[] OfRequest(string method, string pathAndQuery, string timestamp, string nonce, ReadOnlySpan<byte> body) =>
        [.. Encoding.UTF8.GetBytes($"{method}\n{pathAndQuery}\n{timestamp}\n{nonce}\n"), .. body, (byte)'\n'];

    /// <summary>What WeChat Pay signs of an answer or a callback: the bytes of the body as they came.</summary>
    public static byte[] OfAnswer(string timestamp, string nonce, ReadOnlySpan<byte> body) =>
        [.. Encoding.UTF8.GetBytes($"{timestamp}\n{nonce}\n"), .. body, (byte)'\n'];

    /// <summary>What a merchant signs for `wx.requestPayment`.</summary>
    public static byte[] OfPayment(string appId, string timeStamp, string nonceStr, string package) =>
        Encoding.UTF8.GetBytes($"{appId}\n{timeStamp}\n{nonceStr}\n{package}\n");

    /// <summary>A time as WeChat Pay writes it.</summary>
    public static string Seconds(DateTimeOffset time) => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
}

/// <summary>The headers that sign an answer or a callback; empty where one is missing.</summary>
internal readonly record struct SignatureHeaders(string Serial, string Signature, string Timestamp, string Nonce)
{
    private const string Probe = "WECHATPAY/SIGNTEST/";
    private const int LongestField = 1024;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    /// <summary>Whether WeChat Pay tries out if signatures are verified here: it must be refused like any other bad one.</summary>
    public bool IsProbe =>
        Serial.StartsWith(Probe, StringComparison.Ordinal) || Signature.StartsWith(Probe, StringComparison.Ordinal);

    /// <summary>Reads them.</summary>
    /// <param name="find">The value of a header, or null.</param>
    public static SignatureHeaders Read(Func<string, string?> find) => new(
        find("Wechatpay-Serial") ?? "", find("Wechatpay-Signature") ?? "", find("Wechatpay-Timestamp") ?? "", find("Wechatpay-Nonce") ?? "");

    /// <summary>What is wrong with them before any key is looked at; null when nothing is.</summary>
    public string? Complaint(DateTimeOffset now)
    {
        if (IsProbe)
            return "it is a probe with a bad signature";
        if (!IsField(Serial) || !IsField(Signature) || !IsField(Timestamp) || !IsField(Nonce))
            return "a header of the signature is missing or too long";
        if (!long.TryParse(Timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            return "its time cannot be read";
        // Compared as seconds: not every number is a time.
        return Math.Abs(seconds - now.ToUnixTimeSeconds()) > Window.TotalSeconds ? "its time is more than five minutes away from this clock" : null;
    }

    private static bool IsField(string value) => value.Length is > 0 and <= LongestField;
}
