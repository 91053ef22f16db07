namespace Charging.Server.Storage;

/// <summary>
/// What a key may hold, so that nothing an operation puts can make an engine throw, and how an index key and an entity's
/// key become one, so that an index is always in the order in which it is listed.
/// </summary>
internal static class Keys
{
    private const int MaxKey = 100;
    private const int MaxIndexKey = 200;

    /// <summary>Sorts before every character that a key may hold, so "a" comes before "ab" whatever follows.</summary>
    private const char Separator = '\u0001';

    public static void CheckKey(string table, string? key)
    {
        if (string.IsNullOrEmpty(key) || !IsValid(key, MaxKey))
            throw new ArgumentException($"A key of the table {table} must be 1 to {MaxKey} characters without control characters.");
    }

    public static bool IsKey(string key) => key.Length > 0 && IsValid(key, MaxKey);

    public static string Compose(string index, string indexKey, string key)
    {
        if (!IsValid(indexKey, MaxIndexKey))
            throw new ArgumentException($"A key of the index {index} must be at most {MaxIndexKey} characters without control characters.");
        return $"{indexKey}{Separator}{key}";
    }

    /// <summary>The index key of a composed key.</summary>
    public static string IndexKeyOf(string composed, string key) => composed[..^(key.Length + 1)];

    /// <summary>The last composed key whose index key is not after this one.</summary>
    public static string Upper(string to) => to + Separator + KeyRange.End;

    private static bool IsValid(string text, int maxLength)
    {
        if (text.Length > maxLength)
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsControl(c) || c == KeyRange.End[0])
                return false;
            if (!char.IsSurrogate(c))
                continue;
            if (!char.IsHighSurrogate(c) || i + 1 == text.Length || !char.IsLowSurrogate(text[++i]))
                return false;
        }
        return true;
    }
}
