using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Charging.Server.Calls;

namespace Charging.Server.Accounts;

/// <summary>
/// What Unicode calls compatibility decomposition (NFKD), without the order of marks. The server runs without ICU, so
/// <see cref="string.Normalize()"/> leaves every text as it is; the table is `unicode-decompositions.txt`.
/// </summary>
internal static class UnicodeDecomposition
{
    private const int FirstSyllable = 0xAC00;
    private const int Syllables = 11_172;

    private static readonly FrozenDictionary<Rune, Rune[]> Table = Encoding.UTF8.GetString(StaticPage.Read("Accounts.unicode-decompositions.txt"))
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => !line.StartsWith('#'))
        .Select(line => line.Split(' ').Select(hex => new Rune(int.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))).ToArray())
        .ToFrozenDictionary(runes => runes[0], runes => runes[1..]);

    /// <summary>The parts of a character, or the character itself.</summary>
    public static Rune[] Of(Rune rune) =>
        Table.TryGetValue(rune, out var parts) ? parts
        : rune.Value - FirstSyllable is >= 0 and < Syllables and var syllable ? Jamo(syllable)
        : [rune];

    private static Rune[] Jamo(int syllable)
    {
        var (lead, vowel, tail) = (new Rune(0x1100 + (syllable / 588)), new Rune(0x1161 + (syllable % 588 / 28)), syllable % 28);
        return tail == 0 ? [lead, vowel] : [lead, vowel, new Rune(0x11A7 + tail)];
    }
}
