using System.Security.Cryptography;
using System.Text;

namespace Charging.Server.Accounts.Sms;

/// <summary>Signs the webhook's messages: HMAC-SHA256 over the time, a dot, and the body.</summary>
public sealed class WebhookSignature(string secret)
{
    /// <summary>Fewer characters than 32 hex digits can be guessed from one message.</summary>
    public const int MinSecretLength = 32;

    /// <summary>What goes into the header of the signature: `sha256=` and 64 lower-case hex digits.</summary>
    /// <param name="timestamp">What the header of the time says.</param>
    /// <param name="body">The body as it is sent.</param>
    public string Sign(string timestamp, byte[] body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes(timestamp + "."), .. body];
        return $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}";
    }
}
