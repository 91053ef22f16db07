using System.Globalization;
using System.Text;

namespace Charging;

/// <summary>
/// Text of others, such as a pile's firmware, as it may be stored and shown. Control and format characters could steer an
/// operator's terminal, hide a part of a line or turn it around.
/// </summary>
public static class Printable
{
    /// <summary>
    /// Cuts a text to a length and puts U+FFFD in place of control and format characters, of the separators U+2028 and U+2029,
    /// and of lone surrogates.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <param name="maxLength">In UTF-16 units.</param>
    /// <param name="keep">Characters that stay all the same.</param>
    public static string Clean(string text, int maxLength = int.MaxValue, string keep = "")
    {
        if (text.Length <= maxLength && IsClean(text, keep))
            return text;
        var clean = new StringBuilder(Math.Min(text.Length, maxLength));
        foreach (var rune in text.EnumerateRunes())
        {
            var shown = IsAllowed(rune, keep) ? rune : Rune.ReplacementChar;
            if (clean.Length + shown.Utf16SequenceLength > maxLength)
                break;
            clean.Append(shown);
        }
        return clean.ToString();
    }

    private static bool IsClean(string text, string keep)
    {
        foreach (var c in text)
        {
            // Most text is plain ASCII, for which nothing needs to be looked up.
            if (c is not (>= ' ' and <= '~'))
                return text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar && IsAllowed(rune, keep));
        }
        return true;
    }

    private static bool IsAllowed(Rune rune, string keep) =>
        Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
        || (rune.IsBmp && keep.Contains((char)rune.Value));
}
