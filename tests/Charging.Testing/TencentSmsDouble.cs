using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Charging.Testing;

/// <summary>
/// A double of Tencent Cloud SMS that checks requests as the vendor does, TC3 signature and all. It computes the signature
/// with nothing of the server's, from the request as it arrived.
/// </summary>
public sealed partial class TencentSmsDouble : SmsVendor
{
    private const string SecretId = "AKIDtheDoublesOwn";
    private const string SdkAppId = "1400006666";
    private const string SignName = "充电";
    private const string TemplateId = "1110";
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private TencentSmsDouble()
    {
    }

    /// <summary>The key that requests must be signed with.</summary>
    public const string SecretKey = "TheDoublesOwnKeyThatNobodyLogs01";

    /// <summary>How many parameters its template has.</summary>
    public int TemplateParameters { get; init; } = 1;

    /// <summary>The code of a refusal, in place of the usual one.</summary>
    public string? VendorCode { get; set; }

    /// <summary>Whether a refusal is an error of the whole call, and not the status of the phone.</summary>
    public bool RefusesTheCall { get; set; }

    /// <summary>Answers this in place of JSON.</summary>
    public string? Nonsense { get; set; }

    /// <summary>The parameters of the last message.</summary>
    public IReadOnlyList<string> LastParameters { get; private set; } = [];

    /// <summary>Starts one.</summary>
    /// <param name="templateParameters">How many parameters its template has.</param>
    public static async Task<TencentSmsDouble> StartAsync(int templateParameters = 1)
    {
        var vendor = new TencentSmsDouble { TemplateParameters = templateParameters };
        await vendor.ListenAsync();
        return vendor;
    }

    /// <summary>Settings with which the server sends through it.</summary>
    public IReadOnlyList<string> Settings(string secretKey = SecretKey) =>
    [
        "--Charging:Sms:Provider=Tencent", "--Charging:Sms:Timeout=00:00:01", $"--Charging:Sms:Tencent:BaseUrl={Address}",
        $"--Charging:Sms:Tencent:SecretId={SecretId}", $"--Charging:Sms:Tencent:SecretKey={secretKey}",
        $"--Charging:Sms:Tencent:SdkAppId={SdkAppId}", $"--Charging:Sms:Tencent:SignName={SignName}", $"--Charging:Sms:Tencent:TemplateId={TemplateId}",
    ];

    /// <summary>The signature that a request must have.</summary>
    /// <param name="key">The SecretKey.</param>
    /// <param name="scope">Day, service and `tc3_request`.</param>
    /// <param name="timestamp">Seconds since 1970.</param>
    /// <param name="canonicalHeaders">The signed headers, a line each.</param>
    /// <param name="signedHeaders">Their names.</param>
    /// <param name="body">The body.</param>
    public static string Signature(string key, string scope, string timestamp, string canonicalHeaders, string signedHeaders, byte[] body)
    {
        using var sha = SHA256.Create();
        var canonical = string.Join("\n", "POST", "/", "", canonicalHeaders, signedHeaders, Lower(sha.ComputeHash(body)));
        var text = string.Join("\n", "TC3-HMAC-SHA256", timestamp, scope, Lower(sha.ComputeHash(Encoding.UTF8.GetBytes(canonical))));
        var derived = Encoding.UTF8.GetBytes($"TC3{key}");
        foreach (var part in scope.Split('/').Append(text))
        {
            using var mac = new HMACSHA256(derived);
            derived = mac.ComputeHash(Encoding.UTF8.GetBytes(part));
        }
        return Lower(derived);
    }

    /// <inheritdoc/>
    protected override SmsVendorReply Judge(HttpRequest request, byte[] body)
    {
        if (Behaviour == SmsVendorBehaviour.Redirect)
            return new SmsVendorReply(307, "");
        if (CallError(request, body) is { } callError)
            return Error(callError);
        using var json = JsonDocument.Parse(body);
        var message = json.RootElement;
        var phone = message.GetProperty("PhoneNumberSet")[0].GetString()!;
        LastParameters = [.. message.GetProperty("TemplateParamSet").EnumerateArray().Select(p => p.GetString()!)];
        if (Refusal(message, phone) is { } refusal)
            return RefusesTheCall ? Error(refusal) : Status(200, phone, refusal);
        return Status(Behaviour == SmsVendorBehaviour.Fail ? 500 : 200, phone, "Ok") with { Phone = phone[3..], Code = LastParameters[0] };
    }

    private string? Refusal(JsonElement message, string phone) => Behaviour switch
    {
        SmsVendorBehaviour.Limit => VendorCode ?? "LimitExceeded.PhoneNumberDailyLimit",
        SmsVendorBehaviour.Refuse => VendorCode ?? "FailedOperation.PhoneNumberInBlacklist",
        _ when message.GetProperty("PhoneNumberSet").GetArrayLength() != 1 || !Mainland().IsMatch(phone) => "InvalidParameterValue.IncorrectPhoneNumber",
        _ when message.GetProperty("SmsSdkAppId").GetString() != SdkAppId => "UnauthorizedOperation.SmsSdkAppIdVerifyFail",
        _ when message.GetProperty("SignName").GetString() != SignName => "FailedOperation.SignatureIncorrectOrUnapproved",
        _ when message.GetProperty("TemplateId").GetString() != TemplateId => "FailedOperation.TemplateIncorrectOrUnapproved",
        _ when LastParameters.Count != TemplateParameters => "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
        _ when LastParameters.Any(p => p.Length > 6 || !p.All(char.IsAsciiDigit)) => "InvalidParameterValue.TemplateParameterFormatError",
        _ => null,
    };

    private static string? CallError(HttpRequest request, byte[] body)
    {
        var (headers, timestamp) = (request.Headers, request.Headers["X-TC-Timestamp"].ToString());
        if (request.Method != "POST" || request.Path != "/" || headers["X-TC-Action"] != "SendSms")
            return "InvalidAction";
        if (headers["X-TC-Version"] != "2021-01-11")
            return "NoSuchVersion";
        if (headers["X-TC-Region"] != "ap-guangzhou")
            return "UnsupportedRegion";
        if (Authorization().Match(headers.Authorization.ToString()) is not { Success: true } said)
            return "AuthFailure.InvalidAuthorization";
        if (said.Groups["id"].Value != SecretId)
            return "AuthFailure.SecretIdNotFound";
        var time = DateTimeOffset.FromUnixTimeSeconds(long.Parse(timestamp, CultureInfo.InvariantCulture));
        if ((DateTimeOffset.UtcNow - time).Duration() > Window)
            return "AuthFailure.SignatureExpire";
        var names = said.Groups["headers"].Value.Split(';');
        var lines = string.Concat(names.Select(name => $"{name}:{headers[name].ToString().Trim().ToLowerInvariant()}\n"));
        var scope = $"{time.UtcDateTime:yyyy-MM-dd}/sms/tc3_request";
        var right = Signature(SecretKey, scope, timestamp, lines, said.Groups["headers"].Value, body);
        return scope == said.Groups["scope"].Value && right == said.Groups["signature"].Value && names.Contains("host") && names.Contains("content-type")
            ? null
            : "AuthFailure.SignatureFailure";
    }

    private SmsVendorReply Error(string code) =>
        Write(200, new { Error = new { Code = code, Message = "refused" }, RequestId = "4e394811-9ebd-4d66-98ee-730b21c4a681" });

    // Like the vendor's, the message repeats what must not get into a log.
    private SmsVendorReply Status(int status, string phone, string code) => Write(status, new
    {
        SendStatusSet = new[]
        {
            new { SerialNo = "", PhoneNumber = phone, Fee = 1, SessionContext = "", Code = code, Message = $"{phone}: {LastParameters[0]}", IsoCode = "CN" },
        },
        RequestId = "a0aabda6-cf91-4f3e-a81f-9198114a2279",
    });

    private SmsVendorReply Write(int status, object response) => new(status, Nonsense ?? JsonSerializer.Serialize(new { Response = response }));

    private static string Lower(byte[] bytes) => Convert.ToHexString(bytes).ToLowerInvariant();

    [GeneratedRegex(@"^TC3-HMAC-SHA256 Credential=(?<id>[^/]+)/(?<scope>[^,]+), SignedHeaders=(?<headers>[a-z;-]+), Signature=(?<signature>[0-9a-f]{64})$")]
    private static partial Regex Authorization();

    [GeneratedRegex(@"^\+861[3-9]\d{9}$")]
    private static partial Regex Mainland();
}
