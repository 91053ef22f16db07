using Charging.Server.Storage;

namespace Charging.Server.Payments.WeChatPay;

/// <summary>Settings under `Charging:Payment:WeChatPay`. Keys come from a file, or as text from the environment (docs/wechat-pay.md).</summary>
public sealed record WeChatPayOptions
{
    private const string Section = "Charging:Payment:WeChatPay";

    /// <summary>The mini-program's id, `wx…`.</summary>
    public string? AppId { get; init; }

    /// <summary>The merchant's number.</summary>
    public string? MchId { get; init; }

    /// <summary>Where WeChat reaches this server from outside, such as `https://charging.example.com`; the callbacks' paths are added.</summary>
    public string? NotifyUrl { get; init; }

    /// <summary>Serial number of the merchant's certificate, in hex.</summary>
    public string? MerchantSerial { get; init; }

    /// <summary>The merchant's private key as PEM text, instead of a file.</summary>
    public string? MerchantKey { get; init; }

    /// <summary>File of the merchant's private key, `apiclient_key.pem`.</summary>
    public string? MerchantKeyFile { get; init; }

    /// <summary>The APIv3 key, 32 characters, instead of a file.</summary>
    public string? ApiV3Key { get; init; }

    /// <summary>File of the APIv3 key.</summary>
    public string? ApiV3KeyFile { get; init; }

    /// <summary>Id of WeChat Pay's public key, `PUB_KEY_ID_…`; unset where answers are signed with platform certificates alone.</summary>
    public string? PublicKeyId { get; init; }

    /// <summary>WeChat Pay's public key as PEM text, instead of a file.</summary>
    public string? PublicKey { get; init; }

    /// <summary>File of WeChat Pay's public key, `pub_key.pem`.</summary>
    public string? PublicKeyFile { get; init; }

    /// <summary>Where WeChat Pay is.</summary>
    public string BaseUrl { get; init; } = "https://api.mch.weixin.qq.com";

    /// <summary>Work that is due makes two calls, and has to be done well before its lease ends.</summary>
    private static readonly TimeSpan LongestTimeout = DueRow.Lease / 3;

    /// <summary>How long a call may take; at most 10 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>One sentence about the first setting that is missing or makes no sense; null when all do. The keys are judged by <see cref="MerchantKeys"/>.</summary>
    public string? Complaint() =>
        Missing(AppId) ? $"{Section}:AppId is not set: give the mini-program's id, wx…."
        : Missing(MchId) || !MchId!.All(char.IsAsciiDigit) ? $"{Section}:MchId is no merchant's number: give the digits that WeChat Pay's merchant platform shows."
        : !IsSafe(NotifyUrl) ? $"{Section}:NotifyUrl is no https address: give the one at which WeChat reaches this server, such as https://charging.example.com."
        : Missing(MerchantSerial) || !MerchantSerial!.All(char.IsAsciiHexDigit) ? $"{Section}:MerchantSerial is no serial number in hex: give that of the merchant's API certificate."
        : !IsSafe(BaseUrl) ? $"{Section}:BaseUrl is no https address: leave it out to use WeChat Pay's own."
        : Missing(PublicKeyId) && !(Missing(PublicKey) && Missing(PublicKeyFile)) ? $"{Section}:PublicKeyId is not set, and there is a public key: copy its id, PUB_KEY_ID_…, from the merchant platform."
        : !Missing(PublicKeyId) && !PublicKeyId!.StartsWith("PUB_KEY_ID_", StringComparison.Ordinal) ? $"{Section}:PublicKeyId does not begin with PUB_KEY_ID_: copy it from the merchant platform, beside the public key."
        : Timeout < TimeSpan.FromMilliseconds(100) || Timeout > LongestTimeout ? $"{Section}:Timeout is not between 00:00:00.1 and 00:00:10: give a time such as 00:00:05."
        : null;

    /// <summary>The address of a callback.</summary>
    /// <param name="path">Its path, from `/`.</param>
    public string CallbackUrl(string path) => NotifyUrl!.TrimEnd('/') + path;

    /// <summary>Says nothing: a record would print its keys.</summary>
    public override string ToString() => nameof(WeChatPayOptions);

    private static bool Missing(string? text) => string.IsNullOrWhiteSpace(text);

    // Plain HTTP only to this machine: for the tests, and for a proxy beside the server.
    private static bool IsSafe(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri is { Query: "", Fragment: "" }
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));
}
