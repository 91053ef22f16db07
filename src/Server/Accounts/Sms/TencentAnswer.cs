using System.Text.Json;

namespace Charging.Server.Accounts.Sms;

/// <summary>What SendSms says about our one message: HTTP 200 with an error for the whole call, or with a status for the phone.</summary>
/// <param name="IsSent">Whether the vendor took the message.</param>
/// <param name="Code">The vendor's code, such as `Ok` or `LimitExceeded.PhoneNumberDailyLimit`; null when it is no answer of SendSms.</param>
/// <param name="RequestId">What the vendor's support asks for.</param>
public sealed record TencentAnswer(bool IsSent, string? Code, string? RequestId)
{
    private const int MaxBytes = 64 * 1024;
    private const int MaxLength = 100;

    /// <summary>Whether nobody knows if the message will be delivered.</summary>
    public bool IsInDoubt => Code is null || Is("InternalError") || Is("ServiceUnavailable");

    /// <summary>Whether the message was refused because there were too many.</summary>
    public bool IsLimit => Code is not null && (Is("LimitExceeded") || Is("RequestLimitExceeded"));

    /// <summary>Whether the refusal is this phone's own matter, or passes by itself, so that nobody has to act.</summary>
    public bool ConcernsThisPhone => Code is not null && (Is("RequestLimitExceeded")
        || Code.Contains(".PhoneNumber", StringComparison.Ordinal)
        || Code is "LimitExceeded.DeliveryFrequencyLimit" or "InvalidParameterValue.IncorrectPhoneNumber");

    /// <summary>Reads an answer. One that cannot be understood has no code.</summary>
    public static async Task<TencentAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await response.Content.LoadIntoBufferAsync(MaxBytes, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            return Of(JsonSerializer.Deserialize<Envelope>(body)?.Response);
        }
        catch (JsonException)
        {
            return Of(null);
        }
    }

    private static TencentAnswer Of(Reply? reply)
    {
        var requestId = Printable(reply?.RequestId);
        if (reply?.Error is { } error)
            return new TencentAnswer(false, Printable(error.Code), requestId);
        var code = reply?.SendStatusSet is [{ } status] ? Printable(status.Code) : null;
        return new TencentAnswer(code == "Ok", code, requestId);
    }

    private bool Is(string family) =>
        Code!.StartsWith(family, StringComparison.Ordinal) && (Code.Length == family.Length || Code[family.Length] == '.');

    // They go to the log; the vendor's messages do not, because they may repeat the phone or the code.
    private static string? Printable(string? text)
    {
        var kept = string.Concat((text ?? "").Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_').Take(MaxLength));
        return kept.Length > 0 ? kept : null;
    }

    private sealed record Envelope(Reply? Response);

    private sealed record Reply(Error? Error, Status?[]? SendStatusSet, string? RequestId);

    private sealed record Error(string? Code);

    private sealed record Status(string? Code);
}
