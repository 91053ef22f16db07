namespace Charging.Server.Storage.LiteDb;

/// <summary>The store that a restore has set aside in its directory, to be read. Its files are not changed.</summary>
internal sealed class SetAsideStore : IDisposable
{
    private const string Suffix = ".before-restore-";
    private const int Slice = 200;

    private readonly LiteDbEngine _engine;

    private SetAsideStore(LiteDbEngine engine) => _engine = engine;

    /// <summary>
    /// Opens the one that was set aside last, but for those that were restored themselves and never started: such a one knows
    /// nothing. Null when there is none. Throws anything when its files are damaged.
    /// </summary>
    public static SetAsideStore? Open(string directory)
    {
        foreach (var data in Directory.GetFiles(directory, LiteDbOpener.DataName + Suffix + "*").OrderDescending(StringComparer.Ordinal))
        {
            var log = Path.Combine(directory, LiteDbOpener.LogName + data[data.LastIndexOf(Suffix, StringComparison.Ordinal)..]);
            var engine = LiteDbEngine.Start(new ReadOnlyFile(data), new LogFile(new ReadOnlyFile(log)), barrier: false);
            if (!engine.IsRestored)
                return new SetAsideStore(engine);
            engine.Dispose();
        }
        return null;
    }

    /// <summary>All entities of a table.</summary>
    public IEnumerable<T> Read<T>(Table<T> table)
        where T : class
    {
        var after = "";
        while (_engine.Slice(table.Name, after, Slice) is { Count: > 0 } slice)
        {
            foreach (var (_, json) in slice)
                yield return (T)((ITable)table).Read(json);
            after = slice[^1].Key;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _engine.Dispose();
}
