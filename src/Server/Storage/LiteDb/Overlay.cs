namespace Charging.Server.Storage.LiteDb;

/// <summary>A row as a batch has left it. No entity: deleted.</summary>
/// <param name="Key">The entity's key.</param>
/// <param name="Entity">The entity.</param>
/// <param name="Json">The entity as it is written.</param>
/// <param name="IndexKeys">Its composed key in each index of the table, or null where it is left out.</param>
internal sealed record Row(string Key, object? Entity, byte[] Json, string?[] IndexKeys)
{
    private const int MaxJson = 1 << 20;

    /// <summary>The row of an entity.</summary>
    /// <exception cref="ArgumentException">A key or the entity is not fit for the engine.</exception>
    public static Row Of(ITable table, object entity)
    {
        var key = table.KeyOf(entity);
        Keys.CheckKey(table.Name, key);
        var indexKeys = table.IndexKeysOf(entity);
        for (var i = 0; i < indexKeys.Length; i++)
        {
            if (indexKeys[i] is { } indexKey)
                indexKeys[i] = Keys.Compose(table.IndexNames[i], indexKey, key);
        }
        var json = table.Write(entity);
        return json.Length <= MaxJson
            ? new Row(key, entity, json, indexKeys)
            : throw new ArgumentException($"An entity of the table {table.Name} is {json.Length} bytes long, more than {MaxJson}.");
    }

    /// <summary>The row of an entity that is gone.</summary>
    public static Row Deleted(ITable table, string key) => new(key, null, [], new string?[table.IndexNames.Count]);
}

/// <summary>
/// The writes of a batch, which its operations read through. An operation that fails is undone here and never reaches the
/// engine.
/// </summary>
internal sealed class Overlay
{
    private readonly Dictionary<ITable, Rows> _tables = [];
    private readonly List<(ITable Table, string Key, Row? Previous)> _undo = [];

    public bool IsEmpty => _tables.Count == 0;

    public IEnumerable<(ITable Table, Rows Rows)> Tables => _tables.Select(t => (t.Key, t.Value));

    public Rows? Of(ITable table) => _tables.GetValueOrDefault(table);

    public void Set(ITable table, Row row)
    {
        if (!_tables.TryGetValue(table, out var rows))
            _tables[table] = rows = new Rows(row.IndexKeys.Length);
        _undo.Add((table, row.Key, rows.Find(row.Key)));
        rows.Set(row.Key, row);
    }

    /// <summary>Ends an operation well, and adds what it changed.</summary>
    public void Keep(List<Change> changes)
    {
        var seen = new HashSet<(ITable, string)>();
        foreach (var (table, key, _) in _undo)
        {
            if (seen.Add((table, key)))
                changes.Add(new Change(table, key, _tables[table].Find(key)!.Entity));
        }
        _undo.Clear();
    }

    /// <summary>Ends an operation as if it had never been.</summary>
    public void Undo()
    {
        for (var i = _undo.Count - 1; i >= 0; i--)
        {
            var (table, key, previous) = _undo[i];
            _tables[table].Set(key, previous);
        }
        _undo.Clear();
    }
}

/// <summary>A table's rows in the overlay, by key and in the order of each index.</summary>
internal sealed class Rows(int indexCount)
{
    private static readonly Comparer<(string At, Row? Row)> ByPlace = Comparer<(string At, Row? Row)>.Create((a, b) => string.CompareOrdinal(a.At, b.At));

    private readonly Dictionary<string, Row> _rows = [];
    private readonly SortedSet<(string At, Row? Row)>[] _indexes = [.. Enumerable.Range(0, indexCount).Select(_ => new SortedSet<(string, Row?)>(ByPlace))];

    public IEnumerable<Row> All => _rows.Values;

    public Row? Find(string key) => _rows.GetValueOrDefault(key);

    public void Set(string key, Row? row)
    {
        var previous = Find(key);
        for (var i = 0; i < indexCount; i++)
        {
            if (previous?.IndexKeys[i] is { } from)
                _indexes[i].Remove((from, null));
            if (row?.IndexKeys[i] is { } to)
                _indexes[i].Add((to, row));
        }
        if (row is null)
            _rows.Remove(key);
        else
            _rows[key] = row;
    }

    public IEnumerable<(string At, Row? Row)> Range(int index, string from, string to, bool descending)
    {
        if (index == LiteDbEngine.ByKey)
            return RangeByKey(from, to, descending);
        var view = _indexes[index].GetViewBetween((from, null), (to, null));
        return descending ? view.Reverse() : view;
    }

    // Rare, and a batch is short: sorted when asked for.
    private IEnumerable<(string At, Row? Row)> RangeByKey(string from, string to, bool descending)
    {
        var rows = _rows.Values.Where(r => r.Entity is not null && string.CompareOrdinal(r.Key, from) >= 0 && string.CompareOrdinal(r.Key, to) <= 0);
        var ordered = descending ? rows.OrderByDescending(r => r.Key, StringComparer.Ordinal) : rows.OrderBy(r => r.Key, StringComparer.Ordinal);
        return ordered.Select(r => (r.Key, (Row?)r));
    }
}
