using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Charging.Testing.WeChatPay;

/// <summary>The merchant as WeChat Pay knows it, with the keys that its server is given.</summary>
public sealed partial class MerchantAccount
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private readonly RSA _key;

    /// <summary>A merchant.</summary>
    /// <param name="isOther">Whether it has another key than the usual one.</param>
    public MerchantAccount(bool isOther = false) => _key = TestKeys.Take(isOther ? TestKeys.OtherMerchant : TestKeys.Merchant);

    /// <summary>The mini-program.</summary>
    public string AppId { get; } = "wx8888888888888888";

    /// <summary>The merchant.</summary>
    public string MchId { get; } = "1900000109";

    /// <summary>Serial number of its certificate.</summary>
    public string Serial { get; } = RandomNumberGenerator.GetHexString(40);

    /// <summary>The APIv3 key.</summary>
    public string ApiV3Key { get; } = RandomNumberGenerator.GetHexString(32);

    /// <summary>Its private key, PEM.</summary>
    public string PrivateKeyPem
    {
        get
        {
            lock (_key)
                return _key.ExportPkcs8PrivateKeyPem();
        }
    }

    /// <summary>The mini-program's secret.</summary>
    public string AppSecret { get; } = RandomNumberGenerator.GetHexString(32);

    /// <summary>Whether a signature for `wx.requestPayment` is the merchant's.</summary>
    public bool HasSigned(string message, string signature)
    {
        lock (_key)
            return _key.VerifyData(Encoding.UTF8.GetBytes(message), Convert.FromBase64String(signature), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    /// <summary>Why WeChat Pay refuses a request's `Authorization`; null when it is the merchant's.</summary>
    internal string? Objection(string? authorization, string method, string target, string body, DateTimeOffset now)
    {
        if (authorization is null || !authorization.StartsWith("WECHATPAY2-SHA256-RSA2048 ", StringComparison.Ordinal))
            return "no Authorization of this scheme";
        var values = Value().Matches(authorization).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["value"].Value);
        if (values.Count != 5 || values.GetValueOrDefault("mchid") != MchId || values.GetValueOrDefault("serial_no") != Serial)
            return "another merchant or certificate";
        var (timestamp, nonce) = (values["timestamp"], values["nonce_str"]);
        if (nonce.Length is < 16 or > 32 || (DateTimeOffset.FromUnixTimeSeconds(long.Parse(timestamp, CultureInfo.InvariantCulture)) - now).Duration() > Window)
            return "a bad nonce, or a time too far away";
        return HasSigned($"{method}\n{target}\n{timestamp}\n{nonce}\n{body}\n", values["signature"]) ? null : "a bad signature";
    }

    [GeneratedRegex("(?<name>[a-z_]+)=\"(?<value>[^\"]*)\"")]
    private static partial Regex Value();
}
