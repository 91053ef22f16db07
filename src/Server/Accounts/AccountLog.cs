namespace Charging.Server.Accounts;

/// <summary>What the accounts say to the log.</summary>
internal static partial class AccountLog
{
    [LoggerMessage(200, LogLevel.Information, "SMS to {Phone}: your code is {Code}")]
    public static partial void ConsoleSms(ILogger logger, string phone, string code);

    [LoggerMessage(201, LogLevel.Warning, "The SMS provider refused a message to {MaskedPhone}: {Outcome}.")]
    public static partial void SmsRefused(ILogger logger, string maskedPhone, SmsOutcome outcome);

    [LoggerMessage(202, LogLevel.Warning, "Tokens or codes could not be kept up, and will be at the next turn: {Reason}")]
    public static partial void UpkeepPostponed(ILogger logger, string reason);

    [LoggerMessage(203, LogLevel.Error, "Keeping up tokens or codes failed; it goes on with the next.")]
    public static partial void UpkeepFailed(ILogger logger, Exception exception);

    [LoggerMessage(204, LogLevel.Warning, "Charging:Sms:Provider is Console: codes are written to this log and nobody gets an SMS.")]
    public static partial void ConsoleOutsideDevelopment(ILogger logger);

    [LoggerMessage(EventId = 205, Message = "Tencent Cloud SMS refused a message to {MaskedPhone}: {Code} (request {RequestId}).")]
    public static partial void TencentRefused(ILogger logger, LogLevel level, string maskedPhone, string code, string? requestId);

    [LoggerMessage(EventId = 206, Message = "The SMS webhook refused a message to {MaskedPhone}: HTTP {Status}.")]
    public static partial void WebhookRefused(ILogger logger, LogLevel level, string maskedPhone, int status);

    [LoggerMessage(210, LogLevel.Information, "The sandbox has told the rider of {OrderNo} that the charge is over.")]
    public static partial void SandboxNotice(ILogger logger, string orderNo);

    [LoggerMessage(215, LogLevel.Information, "The sandbox has told a rider that a card was blocked after a swipe at {DeviceNo}.")]
    public static partial void SandboxCardNotice(ILogger logger, string deviceNo);

    [LoggerMessage(EventId = 211, Message = "WeChat did not take a message about {Subject}: error {Code} (43101: the rider has not subscribed).")]
    public static partial void NoticeRefused(ILogger logger, LogLevel level, string subject, int code);

    [LoggerMessage(212, LogLevel.Error, "WeChat refuses {Call} with error {Code}: see that Charging:MiniProgram:AppId and its secret are right, and that WeChat lets this server's address call.")]
    public static partial void MiniProgramRefused(ILogger logger, string call, int code);

    [LoggerMessage(213, LogLevel.Warning, "Whether a message about {Subject} reached the rider is not known, and it is not tried again: {Reason}")]
    public static partial void NoticeLost(ILogger logger, string subject, string reason);

    [LoggerMessage(214, LogLevel.Warning, "Charging:MiniProgram:Provider is Sandbox: whoever names a code of wx.login is somebody, and nobody gets a message.")]
    public static partial void SandboxOutsideDevelopment(ILogger logger);
}
