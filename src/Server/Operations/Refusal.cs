using System.Diagnostics.CodeAnalysis;
using Charging.MqttBroker;
using Charging.Server.Accounts;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>What operators are refused with: a standard status and a sentence that says what to do.</summary>
internal static class Refusal
{
    /// <summary>A refusal.</summary>
    public static RpcException Of(StatusCode code, string sentence) => new(new Status(code, sentence));

    /// <summary>A field that makes no sense.</summary>
    public static RpcException Invalid(string sentence) => Of(StatusCode.InvalidArgument, sentence);

    /// <summary>Something that is not there.</summary>
    public static RpcException NotFound(string sentence) => Of(StatusCode.NotFound, sentence);

    /// <summary>Insists that something is there.</summary>
    public static T OrNotFound<T>([NotNull] this T? found, string sentence)
        where T : class => found ?? throw NotFound(sentence);

    /// <summary>A device number, or INVALID_ARGUMENT.</summary>
    public static DeviceNo ToDeviceNo(this string text) =>
        DeviceNo.TryParse(text, out var device) ? device : throw Invalid($"device_no '{Shown(text)}' is no device number: give 10 hex digits, such as 014441AC53.");

    /// <summary>A phone, or INVALID_ARGUMENT.</summary>
    public static Phone ToPhone(this string text) =>
        Phone.TryParse(text, out var phone) ? phone : throw Invalid($"phone '{Shown(text)}' is no mainland mobile number: give its 11 digits.");

    /// <summary>What somebody sent, short enough and harmless to be shown again.</summary>
    public static string Shown(string text) =>
        string.Concat((text.Length > 40 ? text[..40] : text).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
}
