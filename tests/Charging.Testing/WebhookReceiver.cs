using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Charging.Testing;

/// <summary>A receiver of the SMS webhook that believes only what is signed and fresh.</summary>
public sealed class WebhookReceiver : SmsVendor
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private WebhookReceiver()
    {
    }

    /// <summary>The secret that messages must be signed with.</summary>
    public const string Secret = "the-receivers-own-secret-that-nobody-logs";

    /// <summary>Path of the address, of the kind that some services give out and that must not be told.</summary>
    public const string Path = "/hooks/0b51c4d6e9a84f";

    /// <summary>The HTTP status of a refusal.</summary>
    public int RefusalStatus { get; set; } = StatusCodes.Status422UnprocessableEntity;

    /// <summary>The last body.</summary>
    public JsonElement LastMessage { get; private set; }

    /// <summary>Starts one.</summary>
    public static async Task<WebhookReceiver> StartAsync()
    {
        var receiver = new WebhookReceiver();
        await receiver.ListenAsync();
        return receiver;
    }

    /// <summary>Settings with which the server sends through it.</summary>
    public IReadOnlyList<string> Settings(string secret = Secret) =>
    [
        "--Charging:Sms:Provider=Webhook", "--Charging:Sms:Timeout=00:00:01",
        $"--Charging:Sms:Webhook:Url={new Uri(Address, Path)}", $"--Charging:Sms:Webhook:Secret={secret}",
    ];

    /// <inheritdoc/>
    protected override SmsVendorReply Judge(HttpRequest request, byte[] body)
    {
        if (!IsGenuine(request, body))
            return new SmsVendorReply(StatusCodes.Status401Unauthorized, "");
        LastMessage = JsonElement.Parse(body);
        var reply = new SmsVendorReply(200, "taken", LastMessage.GetProperty("phone").GetString(), LastMessage.GetProperty("code").GetString());
        return Behaviour switch
        {
            SmsVendorBehaviour.Limit => new SmsVendorReply(StatusCodes.Status429TooManyRequests, ""),
            SmsVendorBehaviour.Refuse => new SmsVendorReply(RefusalStatus, $"{reply.Phone}: {reply.Code}"),
            SmsVendorBehaviour.Redirect => new SmsVendorReply(StatusCodes.Status307TemporaryRedirect, ""),
            SmsVendorBehaviour.Fail => reply with { Status = StatusCodes.Status500InternalServerError },
            _ => reply,
        };
    }

    private static bool IsGenuine(HttpRequest request, byte[] body)
    {
        var timestamp = request.Headers["X-Charging-Timestamp"].ToString();
        if (request.Method != "POST" || request.Path != Path || !long.TryParse(timestamp, CultureInfo.InvariantCulture, out var seconds)
            || (DateTimeOffset.UtcNow - DateTimeOffset.FromUnixTimeSeconds(seconds)).Duration() > Window)
            return false;
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.ASCII.GetBytes(Secret));
        mac.AppendData(Encoding.ASCII.GetBytes(timestamp));
        mac.AppendData("."u8);
        mac.AppendData(body);
        return request.Headers["X-Charging-Signature"] == "sha256=" + Convert.ToHexString(mac.GetHashAndReset()).ToLowerInvariant();
    }
}
