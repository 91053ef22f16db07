using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Charging.Server.Calls;

namespace Charging.Server.Cards;

/// <summary>
/// A card number as somebody spelled it: 1 to 16 characters. What card it means depends on the cards that were issued
/// and on the configured forms: see <see cref="Cards"/>.
/// </summary>
public readonly record struct CardNo
{
    /// <summary>The longest number.</summary>
    public const int MaxLength = 16;

    private const int HexDigits = 8;
    private const int DecimalDigits = 10;

    private readonly string? _spelling;

    private CardNo(string spelling) => _spelling = spelling;

    /// <summary>Parses a number. Blanks, control characters and more than 16 characters are refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out CardNo result)
    {
        var valid = Text.IsClean(text, MaxLength) && !text!.Any(char.IsWhiteSpace);
        result = valid ? new CardNo(text!) : default;
        return valid;
    }

    /// <summary>Parses a number that is known to be good.</summary>
    /// <exception cref="FormatException">It is not 1 to 16 characters without blanks.</exception>
    public static CardNo Parse(string text) =>
        TryParse(text, out var result) ? result : throw new FormatException($"'{text}' is not a card number: 1 to 16 characters without blanks.");

    /// <summary>Whether it has the form of virtual cards: that many digits.</summary>
    public bool IsVirtualForm(int digits) => ToString() is var s && s.Length == digits && s.All(char.IsAsciiDigit);

    /// <summary>
    /// The number of a physical card, which is spelled as 8 hex digits or as 10 decimal digits. False for every other form
    /// and for what does not fit 32 bits.
    /// </summary>
    public bool TryReadPhysical(ByteOrder order, out uint number)
    {
        var text = ToString();
        if (text.Length == DecimalDigits && text.All(char.IsAsciiDigit))
            return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        number = 0;
        if (text.Length != HexDigits || !uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex))
            return false;
        number = order == ByteOrder.BigEndian ? hex : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(hex);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => _spelling ?? "";
}
