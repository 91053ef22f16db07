using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Charging.MqttBroker;

/// <summary>The number of a pile: 10 hex digits, upper-cased (contract section 3).</summary>
[JsonConverter(typeof(ParsableJsonConverter<DeviceNo>))]
public readonly record struct DeviceNo : IParsable<DeviceNo>
{
    /// <summary>How many digits a device number has.</summary>
    public const int Length = 10;

    private readonly string? _digits;

    private DeviceNo(string digits) => _digits = digits;

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? text, IFormatProvider? provider, out DeviceNo result)
    {
        var valid = text is { Length: Length } && text.All(char.IsAsciiHexDigit);
        result = valid ? new DeviceNo(text!.ToUpperInvariant()) : default;
        return valid;
    }

    /// <summary>Parses a device number. Lower-case digits are taken.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out DeviceNo result) => TryParse(text, null, out result);

    /// <summary>Parses a device number that is known to be good.</summary>
    /// <exception cref="FormatException">It is not 10 hex digits.</exception>
    public static DeviceNo Parse(string text, IFormatProvider? provider = null) =>
        TryParse(text, provider, out var result) ? result : throw new FormatException($"'{text}' is not a device number: 10 hex digits are needed.");

    /// <inheritdoc/>
    public override string ToString() => _digits ?? "";
}
