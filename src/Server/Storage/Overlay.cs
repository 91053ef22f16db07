namespace Charging.Server.Storage;

/// <summary>
/// The writes of one operation, or of a batch of them, which they read through. An operation that fails is undone here and
/// never reaches the engine. Both engines read and write through it.
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
