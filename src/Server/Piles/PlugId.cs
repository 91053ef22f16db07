using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;
using Charging.MqttBroker;

namespace Charging.Server.Piles;

/// <summary>A plug of a pile.</summary>
/// <param name="Device">The pile.</param>
/// <param name="Number">Number of the plug, from 1 to 99.</param>
[JsonConverter(typeof(ParsableJsonConverter<PlugId>))]
public readonly record struct PlugId(DeviceNo Device, int Number) : IParsable<PlugId>
{
    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? text, IFormatProvider? provider, out PlugId result)
    {
        result = default;
        if (text is not { Length: DeviceNo.Length + 3 } || text[DeviceNo.Length] != '-'
            || !DeviceNo.TryParse(text[..DeviceNo.Length], out var device)
            || !int.TryParse(text.AsSpan(DeviceNo.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        result = new PlugId(device, number);
        return true;
    }

    /// <summary>Parses what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static PlugId Parse(string text, IFormatProvider? provider = null) =>
        TryParse(text, provider, out var result) ? result : throw new FormatException($"'{text}' is not a plug.");

    /// <summary>Device number, a dash, and two digits: `014441AC53-02`.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Device}-{Number:D2}");
}
