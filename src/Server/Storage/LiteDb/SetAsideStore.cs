namespace Charging.Server.Storage.LiteDb;

/// <summary>The store that a restore has set aside in its directory, to be read. Its files are not changed.</summary>
internal sealed class SetAsideStore : IDisposable
{
    private const string Suffix = ".before-restore-";
    private const int Slice = 200;

    private readonly LiteDbEngine _engine;

    private SetAsideStore(LiteDbEngine engine) => _engine = engine;

    /// <summary>Opens the one that was set aside last; null when none was. Throws anything when its files are damaged.</summary>
    public static SetAsideStore? Open(string directory)
    {
        if (Directory.GetFiles(directory, LiteDbOpener.DataName + Suffix + "*").Max(StringComparer.Ordinal) is not { } data)
            return null;
        var log = Path.Combine(directory, LiteDbOpener.LogName + data[data.LastIndexOf(Suffix, StringComparison.Ordinal)..]);
        return new SetAsideStore(LiteDbEngine.Start(new ReadOnlyFile(data), new LogFile(new ReadOnlyFile(log)), barrier: false));
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
