using System.Diagnostics.CodeAnalysis;
using System.Text;
using Charging.Server.Calls;

namespace Charging.Server.Accounts;

/// <summary>The name that a rider registers with. Two that a person could not tell apart are one name.</summary>
public static class WxName
{
    /// <summary>Longest name, as it was sent.</summary>
    public const int MaxLength = 64;

    // A character may have up to 18 parts, and the length of an index key is limited.
    private const int MaxKeyLength = 255;

    /// <summary>Reads a name. Format characters are dropped; a name that is not clean, or in which nothing can be seen, is refused.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out string? name)
    {
        name = Text.IsClean(text, MaxLength) && Text.IsVisible(text!) ? Text.WithoutFormat(text!) : null;
        return name is not null;
    }

    /// <summary>
    /// What names have in common that look the same: whatever their normalization form (NFKC), their blanks, and what cannot be
    /// seen in them.
    /// </summary>
    public static string KeyOf(string name)
    {
        var key = new StringBuilder();
        var marks = new List<Rune>();
        foreach (var rune in name.EnumerateRunes().SelectMany(UnicodeDecomposition.Of).Where(rune => !Text.IsIgnorable(rune)))
        {
            if (key.Length + marks.Count >= MaxKeyLength)
                break;
            if (Text.IsMark(rune))
            {
                marks.Add(rune);
                continue;
            }
            AppendInOrder(key, marks);
            if (!Text.IsBlank(rune))
                key.Append(rune.ToString());
            else if (key is [.., not ' '])
                key.Append(' ');
        }
        AppendInOrder(key, marks);
        return key.ToString().TrimEnd(' ');
    }

    // Unicode orders them by class. Any order will do that is always the same.
    private static void AppendInOrder(StringBuilder key, List<Rune> marks)
    {
        foreach (var mark in marks.Order())
            key.Append(mark.ToString());
        marks.Clear();
    }
}
