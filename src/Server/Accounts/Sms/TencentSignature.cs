using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Charging.Server.Accounts.Sms;

/// <summary>Signs requests to Tencent Cloud's API 3.0 with TC3-HMAC-SHA256 (the vendor calls it signature v3).</summary>
public sealed class TencentSignature(string secretId, string secretKey)
{
    private const string Algorithm = "TC3-HMAC-SHA256";
    private const string Ending = "tc3_request";

    /// <summary>What goes into the header `Authorization`.</summary>
    /// <param name="service">The product, as the first part of its host name: `sms`.</param>
    /// <param name="headers">The signed headers, by their names in ASCII order; `content-type` and `host` at least.</param>
    /// <param name="body">The body as it is sent.</param>
    /// <param name="time">What `X-TC-Timestamp` says.</param>
    public string Authorize(string service, IReadOnlyList<(string Name, string Value)> headers, ReadOnlySpan<byte> body, DateTimeOffset time)
    {
        // The vendor takes the day by UTC; by Shanghai's every message before 8 in the morning would be refused.
        var day = time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var scope = $"{day}/{service}/{Ending}";
        var key = Mac(Mac(Mac(Encoding.UTF8.GetBytes("TC3" + secretKey), day), service), Ending);
        var signature = Hex(Mac(key, StringToSign(CanonicalRequest(headers, body), scope, time)));
        return $"{Algorithm} Credential={secretId}/{scope}, SignedHeaders={Names(headers)}, Signature={signature}";
    }

    internal static string CanonicalRequest(IReadOnlyList<(string Name, string Value)> headers, ReadOnlySpan<byte> body)
    {
        var lines = string.Concat(headers.Select(h => $"{h.Name.ToLowerInvariant()}:{h.Value.Trim().ToLowerInvariant()}\n"));
        return $"POST\n/\n\n{lines}\n{Names(headers)}\n{Hex(SHA256.HashData(body))}";
    }

    internal static string StringToSign(string canonicalRequest, string scope, DateTimeOffset time)
    {
        var seconds = time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"{Algorithm}\n{seconds}\n{scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonicalRequest)))}";
    }

    private static string Names(IReadOnlyList<(string Name, string Value)> headers) =>
        string.Join(';', headers.Select(h => h.Name.ToLowerInvariant()));

    private static byte[] Mac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
