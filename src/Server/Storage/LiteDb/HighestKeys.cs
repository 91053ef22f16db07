namespace Charging.Server.Storage.LiteDb;

/// <summary>
/// The highest key of a table under each prefix, a prefix being all up to the last colon. Most keys that are looked for in
/// vain or put for the first time are higher than every key before them, such as the next event of a pile or the next order;
/// that they are new is then known without the engine.
/// </summary>
/// <param name="read">Reads the highest key under a prefix from the file; null when there is none.</param>
internal sealed class HighestKeys(Func<string, string?> read)
{
    // A prefix is read again after it was dropped, so the bound costs time and nothing else.
    private const int MostPrefixes = 100_000;

    private readonly Dictionary<string, string> _highest = [];

    /// <summary>Whether a key is higher than every key of its prefix, and so not in the table.</summary>
    public bool IsAboveAll(string key)
    {
        var prefix = PrefixOf(key);
        if (!_highest.TryGetValue(prefix, out var highest))
        {
            if (_highest.Count >= MostPrefixes)
                _highest.Clear();
            _highest[prefix] = highest = read(prefix) ?? "";
        }
        return string.CompareOrdinal(key, highest) > 0;
    }

    /// <summary>A key was written. One that is deleted needs no word: what is higher than it is still new.</summary>
    public void Wrote(string key)
    {
        var prefix = PrefixOf(key);
        if (_highest.TryGetValue(prefix, out var highest) && string.CompareOrdinal(key, highest) > 0)
            _highest[prefix] = key;
    }

    private static string PrefixOf(string key) => key[..(key.LastIndexOf(':') + 1)];
}
