namespace Charging.Server.Payments.WeChatPay;

/// <summary>What WeChat Pay makes the server say. Numbers and codes; never a key, a signature or what was sealed.</summary>
internal static partial class WeChatPayLog
{
    [LoggerMessage(700, LogLevel.Information, "WeChat Pay's platform certificates were downloaded: {Serials}.")]
    public static partial void CertificatesDownloaded(ILogger logger, string serials);

    [LoggerMessage(701, LogLevel.Warning, "WeChat Pay's platform certificates could not be downloaded, and those at hand are used until it works: {Reason}")]
    public static partial void CertificatesPostponed(ILogger logger, string reason);

    [LoggerMessage(702, LogLevel.Error, "WeChat Pay's platform certificates cannot be opened or do not sign their own answer: see that Charging:Payment:WeChatPay:ApiV3Key is the merchant's.")]
    public static partial void CertificatesNotTrusted(ILogger logger);

    [LoggerMessage(703, LogLevel.Warning, "WeChat Pay gives no platform certificates: HTTP {Status} {Code}.")]
    public static partial void NoCertificates(ILogger logger, int status, string code);

    [LoggerMessage(704, LogLevel.Error, "WeChat Pay refuses {Call} of {Number}: HTTP {Status} {Code}. A setting or a right of the merchant must be corrected.")]
    public static partial void Refused(ILogger logger, string call, string number, int status, string code);

    [LoggerMessage(705, LogLevel.Warning, "WeChat Pay does not take refund {Number} now: {Code}.")]
    public static partial void RefundRefused(ILogger logger, string number, string code);

    [LoggerMessage(706, LogLevel.Error, "An answer about {Number} is not to be trusted: {Reason}.")]
    public static partial void Untrusted(ILogger logger, string number, string reason);

    [LoggerMessage(707, LogLevel.Information, "WeChat Pay has tried out with a bad signature whether callbacks are verified; it was refused.")]
    public static partial void Probe(ILogger logger);

    [LoggerMessage(708, LogLevel.Warning, "A callback was refused: {Reason}.")]
    public static partial void CallbackRefused(ILogger logger, string reason);

    [LoggerMessage(709, LogLevel.Error, "WeChat Pay says that {Number} was paid, which this server does not know. The money must go back by hand, on the merchant platform.")]
    public static partial void PaidUnknown(ILogger logger, string number);

    [LoggerMessage(710, LogLevel.Warning, "A callback could not be served now, and WeChat Pay will repeat it: {Reason}")]
    public static partial void CallbackPostponed(ILogger logger, string reason);

    [LoggerMessage(711, LogLevel.Warning, "WeChat Pay does not take a payment under {Number}: {Code}.")]
    public static partial void PrepayRefused(ILogger logger, string number, string code);

    /// <summary>The code of an error's body, fit for the log; `?` when there is none.</summary>
    public static string CodeOf(byte[] body) =>
        WeChatPayJson.Read(body, WeChatPayJson.Default.WeChatError)?.Code is { Length: > 0 and <= 64 } code
        && code.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
            ? code
            : "?";
}
