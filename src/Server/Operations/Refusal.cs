using System.Diagnostics.CodeAnalysis;
using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>What operators are refused with: a standard status, a sentence that says what to do, and a reason for programs.</summary>
internal static class Refusal
{
    /// <summary>Whose reasons they are: `domain` of `google.rpc.ErrorInfo`.</summary>
    public const string Domain = "charging.ops";

    /// <summary>Longest reason that an operator gives.</summary>
    public const int MaxReason = 200;

    /// <summary>The trailer with the whole status.</summary>
    public const string Details = "grpc-status-details-bin";

    /// <summary>A refusal.</summary>
    public static RpcException Of(StatusCode code, string sentence, string reason) =>
        new(new Grpc.Core.Status(code, sentence), new Metadata { { Details, ToStatus(code, sentence, reason).ToByteArray() } });

    /// <summary>A refusal as `google.rpc.Status`.</summary>
    public static Google.Rpc.Status ToStatus(StatusCode code, string sentence, string reason) => new()
    {
        Code = (int)code,
        Message = sentence,
        Details = { Any.Pack(new ErrorInfo { Reason = reason, Domain = Domain }) },
    };

    /// <summary>A field that makes no sense.</summary>
    public static RpcException Invalid(string sentence) => Of(StatusCode.InvalidArgument, sentence, Reasons.FieldInvalid);

    /// <summary>Something that is not there.</summary>
    public static RpcException NotFound(string sentence) => Of(StatusCode.NotFound, sentence, Reasons.NotFound);

    /// <summary>Something that cannot be done as things are.</summary>
    public static RpcException Conflict(string sentence) => Of(StatusCode.FailedPrecondition, sentence, Reasons.StateConflict);

    /// <summary>Insists that something is there.</summary>
    public static T OrNotFound<T>([NotNull] this T? found, string sentence)
        where T : class => found ?? throw NotFound(sentence);

    /// <summary>A device number, or INVALID_ARGUMENT.</summary>
    public static DeviceNo ToDeviceNo(this string text) =>
        DeviceNo.TryParse(text, out var device) ? device : throw Invalid($"device_no '{Shown(text)}' is no device number: give 10 hex digits, such as 014441AC53.");

    /// <summary>A phone, or INVALID_ARGUMENT.</summary>
    public static Phone ToPhone(this string text) =>
        Phone.TryParse(text, out var phone) ? phone : throw Invalid($"phone '{Shown(text)}' is no mainland mobile number: give its 11 digits.");

    /// <summary>A text that may be empty, or INVALID_ARGUMENT.</summary>
    public static string ToText(this string text, string field, int maxLength) =>
        text.Length == 0 || (Text.IsClean(text, maxLength) && Text.WithoutFormat(text) == text)
            ? text
            : throw Invalid($"{field} is no text of at most {maxLength} characters without control, format and line-breaking characters.");

    /// <summary>A name, which must be there, or INVALID_ARGUMENT.</summary>
    public static string ToName(this string text, string field, int maxLength) => Text.IsName(text, maxLength)
        ? text
        : throw Invalid($"{field} is no name: give 1 to {maxLength} characters, none of them a control, format or line-breaking one.");

    /// <summary>The operator's reason, which must be there, or INVALID_ARGUMENT.</summary>
    public static string ToReason(this string text) => string.IsNullOrWhiteSpace(text)
        ? throw Of(StatusCode.InvalidArgument, "reason is empty: say why, for whoever reads the audit log.", Reasons.ReasonMissing)
        : text.ToText("reason", MaxReason);

    /// <summary>The operator's reason, which may be empty, or INVALID_ARGUMENT.</summary>
    public static string ToAnyReason(this string text) => text.ToText("reason", MaxReason);

    /// <summary>A time that may be unset, or INVALID_ARGUMENT.</summary>
    public static DateTimeOffset? ToTime(this Timestamp? time, string field)
    {
        // 9999-12-31, and a year of less for whoever adds to it.
        const long Latest = 253_370_764_800;
        if (time is { Seconds: < 0 or > Latest } or { Nanos: < 0 or > 999_999_999 })
            throw Invalid($"{field} is no time between 1970 and 9998.");
        return time?.ToDateTimeOffset();
    }

    /// <summary>What somebody sent, short enough and harmless to be shown again.</summary>
    public static string Shown(string text) =>
        string.Concat((text.Length > 40 ? text[..40] : text).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
}
