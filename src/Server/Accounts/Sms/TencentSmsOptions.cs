namespace Charging.Server.Accounts.Sms;

/// <summary>Settings under `Charging:Sms:Tencent`.</summary>
public sealed record TencentSmsOptions
{
    private const string Section = "Charging:Sms:Tencent:";

    /// <summary>The SecretId of an API key that may call SendSms.</summary>
    public string? SecretId { get; init; }

    /// <summary>The key's SecretKey; or <see cref="SecretKeyFile"/>.</summary>
    public string? SecretKey { get; init; }

    /// <summary>A file that holds the SecretKey.</summary>
    public string? SecretKeyFile { get; init; }

    /// <summary>The SdkAppId of the application in the SMS console.</summary>
    public string? SdkAppId { get; init; }

    /// <summary>The approved signature, without the brackets around it.</summary>
    public string? SignName { get; init; }

    /// <summary>The approved template. Its first parameter is the code.</summary>
    public string? TemplateId { get; init; }

    /// <summary>Whether the template has a second parameter: the minutes that a code lives.</summary>
    public bool TemplateHasMinutes { get; init; }

    /// <summary>The vendor's region that takes the messages.</summary>
    public string Region { get; init; } = "ap-guangzhou";

    /// <summary>Where the API is; without a path, which the signature has no place for.</summary>
    public string BaseUrl { get; init; } = "https://sms.tencentcloudapi.com";

    /// <summary>The name alone: a record would print the key.</summary>
    public override string ToString() => nameof(TencentSmsOptions);

    internal string? Complaint(CodesOptions codes)
    {
        if (!IsWord(SecretId))
            return Missing(nameof(SecretId), "give the SecretId of an API key that may call SendSms");
        if (!IsWord(SdkAppId))
            return Missing(nameof(SdkAppId), "give the SdkAppId that the SMS console shows for your application");
        if (string.IsNullOrWhiteSpace(SignName))
            return Missing(nameof(SignName), "give your approved signature, without brackets");
        if (!IsWord(TemplateId))
            return Missing(nameof(TemplateId), "give the number of your approved template");
        if (!IsWord(Region))
            return Missing(nameof(Region), "give a region such as ap-guangzhou");
        if (SmsOptions.UrlComplaint($"{Section}{nameof(BaseUrl)}", BaseUrl) is { } complaint)
            return complaint;
        if (new Uri(BaseUrl).PathAndQuery != "/")
            return $"{Section}{nameof(BaseUrl)} has a path: give scheme and host alone, such as https://sms.tencentcloudapi.com.";
        return TemplateHasMinutes && codes.Lifetime.Ticks % TimeSpan.TicksPerMinute != 0
            ? $"{Section}{nameof(TemplateHasMinutes)} needs a Charging:Codes:Lifetime of whole minutes: give one such as 00:02:00."
            : null;
    }

    private static string Missing(string name, string advice) => $"{Section}{name} is not set or not written as it should be: {advice}.";

    // They go into headers and JSON as they are.
    private static bool IsWord(string? text) => !string.IsNullOrEmpty(text) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
