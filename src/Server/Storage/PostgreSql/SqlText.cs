using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>
/// Keys as the server's "C" collation sorts them. It compares UTF-8, the store's order is that of UTF-16, and the two differ
/// where a character above U+FFFF meets one from U+E000 to U+FFFF (such as 🚗 and ！). So the latter are written behind
/// U+10FFFF, the highest there is. Nearly every key is left as it is.
/// </summary>
internal static class SqlText
{
    private const string Highest = "\U0010FFFF";

    // Stands behind a U+10FFFF that is the key's own; no key holds a control character.
    private const char Itself = '\u0001';

    /// <summary>A parameter.</summary>
    public static NpgsqlParameter<string> Parameter(string? written) => new() { TypedValue = written, NpgsqlDbType = NpgsqlDbType.Text };

    /// <summary>A key or the bound of a range as it is stored and compared.</summary>
    /// <exception cref="ArgumentException">It holds half a character, which UTF-8 cannot.</exception>
    public static string Write(string text)
    {
        var from = text.AsSpan().IndexOfAnyInRange('\ud800', '\uffff');
        if (from < 0)
            return text.Contains('\0') ? text.Replace('\0', Itself) : text;
        var written = new StringBuilder(text.Length + 8);
        foreach (var rune in Runes(text))
        {
            if (rune.Value is >= 0xE000 and <= 0xFFFF)
                written.Append(Highest);
            // PostgreSQL has no NUL. A bound may hold one, and beside keys without control characters U+0001 sorts the same.
            written.Append(rune.Value == 0 ? new Rune(Itself) : rune);
            if (rune.Value == 0x10FFFF)
                written.Append(Itself);
        }
        return written.ToString();
    }

    /// <summary>A key that was stored.</summary>
    public static string Read(string written)
    {
        if (!written.Contains(Highest, StringComparison.Ordinal))
            return written;
        var text = new StringBuilder(written.Length);
        var isBehind = false;
        foreach (var rune in written.EnumerateRunes())
        {
            if (!isBehind && rune.Value == 0x10FFFF)
            {
                isBehind = true;
                continue;
            }
            text.Append(isBehind && rune.Value == Itself ? new Rune(0x10FFFF) : rune);
            isBehind = false;
        }
        return text.ToString();
    }

    private static IEnumerable<Rune> Runes(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune))
                throw new ArgumentException("A key or a bound of a range holds half a character.");
            yield return rune;
            i += rune.Utf16SequenceLength;
        }
    }
}
