using System.Globalization;
using System.Text;

namespace Charging.Server.Calls;

/// <summary>The rules for every string that comes in (contract section 1).</summary>
public static class Text
{
    private const int BrailleBlank = 0x2800;

    /// <summary>
    /// Whether a string is not empty, short enough, and free of control characters, line and paragraph separators and lone
    /// surrogates.
    /// </summary>
    public static bool IsClean(string? text, int maxLength)
    {
        if (string.IsNullOrEmpty(text) || text.Length > maxLength)
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]) || text[i] is '\u2028' or '\u2029' or '\uffff')
                return false;
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text, i))
                return false;
            i++;
        }
        return true;
    }

    /// <summary>Whether a string can be a name: clean, without format characters, and with something to see.</summary>
    public static bool IsName(string? text, int maxLength) => IsClean(text, maxLength) && WithoutFormat(text!) == text && IsVisible(text);

    /// <summary>A clean string without format characters (Cf), such as zero-width ones and those that turn the direction.</summary>
    public static string WithoutFormat(string text) =>
        string.Concat(text.EnumerateRunes().Where(rune => Rune.GetUnicodeCategory(rune) != UnicodeCategory.Format));

    /// <summary>Whether something can be seen in a clean string.</summary>
    public static bool IsVisible(string text) => text.EnumerateRunes().Any(rune => !IsIgnorable(rune) && !IsBlank(rune) && !IsMark(rune));

    /// <summary>Whether a character shows nothing and takes no room: Unicode's Default_Ignorable_Code_Point.</summary>
    public static bool IsIgnorable(Rune rune) =>
        Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format
        || rune.Value is 0x34F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or 0x2065
            or 0x3164 or (>= 0xFE00 and <= 0xFE0F) or 0xFFA0 or (>= 0xFFF0 and <= 0xFFF8) or (>= 0xE0000 and <= 0xE0FFF);

    /// <summary>Whether a character is a space of some width.</summary>
    public static bool IsBlank(Rune rune) => Rune.IsWhiteSpace(rune) || rune.Value == BrailleBlank;

    /// <summary>Whether a character changes the one before it, such as an accent.</summary>
    public static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
}
