using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Charging.Server.Calls;

namespace Charging.Server.Accounts.Sms;

/// <summary>Sends through Tencent Cloud SMS: `SendSms` of its API 2021-01-11.</summary>
public sealed class TencentSmsSender(
    SmsClient http, TencentSmsOptions options, TencentSignature signature, CodesOptions codes, TimeProvider clock, ILogger<TencentSmsSender> logger) : ISmsSender
{
    private const string Action = "SendSms";
    private const string Version = "2021-01-11";
    private const string ContentType = "application/json; charset=utf-8";

    private readonly Uri _address = new(options.BaseUrl);

    /// <inheritdoc/>
    public async Task<SmsOutcome> SendAsync(Phone phone, string code)
    {
        using var request = Request(phone, code);
        var (status, answer) = await http.SendAsync(
            request, async (response, cancellation) => (response.StatusCode, await TencentAnswer.ReadAsync(response, cancellation)));
        if (answer.IsSent)
            return SmsOutcome.Sent;
        // The API answers HTTP 200 to everything. Another status without a code is a gateway's, and the call did not get through.
        if (answer.Code is null && status != HttpStatusCode.OK)
            return Refused(phone, new TencentAnswer(false, $"HTTP{(int)status}", null), status == HttpStatusCode.TooManyRequests);
        return answer.IsInDoubt
            ? throw new ProviderUnavailableException($"Tencent Cloud SMS answered {answer.Code ?? "what is no answer of SendSms"} to request {answer.RequestId ?? "-"}.")
            : Refused(phone, answer, answer.IsLimit);
    }

    private SmsOutcome Refused(Phone phone, TencentAnswer answer, bool isLimit)
    {
        var level = answer.ConcernsThisPhone ? LogLevel.Warning : LogLevel.Error;
        AccountLog.TencentRefused(logger, level, phone.Masked, answer.Code!, answer.RequestId);
        return isLimit ? SmsOutcome.LimitReached : SmsOutcome.Refused;
    }

    private HttpRequestMessage Request(Phone phone, string code)
    {
        var now = clock.GetUtcNow();
        var body = Body(phone, code);
        var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(ContentType);
        request.Headers.Host = _address.Authority;
        request.Headers.Add("X-TC-Action", Action);
        request.Headers.Add("X-TC-Version", Version);
        request.Headers.Add("X-TC-Region", options.Region);
        request.Headers.Add("X-TC-Timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation("Authorization", signature.Authorize(
            "sms", [("content-type", ContentType), ("host", _address.Authority), ("x-tc-action", Action)], body, now));
        return request;
    }

    private byte[] Body(Phone phone, string code) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        PhoneNumberSet = new[] { $"+86{phone}" },
        SmsSdkAppId = options.SdkAppId,
        options.SignName,
        options.TemplateId,
        TemplateParamSet = options.TemplateHasMinutes
            ? [code, ((int)codes.Lifetime.TotalMinutes).ToString(CultureInfo.InvariantCulture)]
            : new[] { code },
    });
}
