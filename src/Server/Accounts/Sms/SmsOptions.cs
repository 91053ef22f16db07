namespace Charging.Server.Accounts.Sms;

/// <summary>Settings under `Charging:Sms`.</summary>
public sealed record SmsOptions
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    // The port promises an answer within 10 s, and the rider's phone waits for it.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(9);

    /// <summary>Who sends the codes: `Tencent`, `Webhook` or `Console`. Has a default in Development only.</summary>
    public string? Provider { get; init; }

    /// <summary>How long a provider may take for a message in all, from the first connection to the last byte of its answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(8);

    internal string? Complaint() => Timeout >= Shortest && Timeout <= Longest
        ? null
        : "Charging:Sms:Timeout must be from 00:00:01 to 00:00:09: give the time that a provider may take for a message, for example 00:00:08.";

    /// <summary>One sentence about an address that codes must not be sent to; null when they may.</summary>
    internal static string? UrlComplaint(string setting, string? url)
    {
        if (string.IsNullOrEmpty(url))
            return $"{setting} is not set: give the https address that takes the messages.";
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
            return $"{setting} is no address without user and fragment: give one such as https://sms.example.com/send.";
        return uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)
            ? null
            : $"{setting} would send codes in the clear: give an https address, or an http one on this machine.";
    }
}
