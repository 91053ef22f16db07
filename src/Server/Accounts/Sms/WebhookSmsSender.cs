using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Charging.Server.Accounts.Sms;

/// <summary>Posts each message to an address of the operator's, which passes it on to whatever vendor they have (docs/sms.md).</summary>
public sealed class WebhookSmsSender(
    SmsClient http, WebhookSmsOptions options, WebhookSignature signature, TimeProvider clock, ILogger<WebhookSmsSender> logger) : ISmsSender
{
    private readonly Uri _address = new(options.Url!);

    /// <inheritdoc/>
    public async Task<SmsOutcome> SendAsync(Phone phone, string code)
    {
        using var request = Request(phone, code);
        // The status alone counts: a body that is broken off does not unsend the message.
        var status = await http.SendAsync(request, (response, _) => Task.FromResult(response.StatusCode));
        if ((int)status is >= 200 and < 300)
            return SmsOutcome.Sent;
        if (status == HttpStatusCode.TooManyRequests)
            return SmsOutcome.LimitReached;
        // 400 and 422 judge this message. Any other, a redirect too, says that the receiver cannot be used as it is set up.
        var level = status is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity ? LogLevel.Warning : LogLevel.Error;
        AccountLog.WebhookRefused(logger, level, phone.Masked, (int)status);
        return SmsOutcome.Refused;
    }

    private HttpRequestMessage Request(Phone phone, string code)
    {
        var now = clock.GetUtcNow();
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var body = JsonSerializer.SerializeToUtf8Bytes(new
        {
            phone = phone.ToString(),
            code,
            sentAt = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            id = Guid.NewGuid().ToString("N"),
        });
        var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json; charset=utf-8");
        request.Headers.Add("X-Charging-Timestamp", timestamp);
        request.Headers.Add("X-Charging-Signature", signature.Sign(timestamp, body));
        return request;
    }
}
