using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Charging.MqttBroker;

namespace Charging.Server.Accounts;

/// <summary>A mainland mobile number: 11 digits, the first 1, the second 3 to 9 (contract section 3).</summary>
[JsonConverter(typeof(ParsableJsonConverter<Phone>))]
public readonly record struct Phone : IParsable<Phone>
{
    private readonly string? _digits;

    private Phone(string digits) => _digits = digits;

    /// <summary>Enough of the number to find it in a log: `138****5678`.</summary>
    public string Masked => _digits is null ? "" : $"{_digits[..3]}****{_digits[7..]}";

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? text, IFormatProvider? provider, out Phone result)
    {
        var valid = text is { Length: 11 } && text[0] == '1' && text[1] >= '3' && text.All(char.IsAsciiDigit);
        result = valid ? new Phone(text!) : default;
        return valid;
    }

    /// <summary>Parses a number.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Phone result) => TryParse(text, null, out result);

    /// <summary>Parses a number that is known to be good.</summary>
    /// <exception cref="FormatException">It is not a mainland mobile number.</exception>
    public static Phone Parse(string text, IFormatProvider? provider = null) =>
        TryParse(text, provider, out var result) ? result : throw new FormatException("Not a mainland mobile number of 11 digits.");

    /// <inheritdoc/>
    public override string ToString() => _digits ?? "";
}
