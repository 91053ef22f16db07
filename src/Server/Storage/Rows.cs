namespace Charging.Server.Storage;

/// <summary>A table's rows in the overlay, by key and in the order of each index.</summary>
internal sealed class Rows(int indexCount)
{
    /// <summary>Stands for a table's own order where the number of an index is asked for.</summary>
    public const int ByKey = -1;

    private static readonly Comparer<(string At, Row? Row)> ByPlace = Comparer<(string At, Row? Row)>.Create((a, b) => string.CompareOrdinal(a.At, b.At));

    private readonly Dictionary<string, Row> _rows = [];
    private readonly SortedSet<(string At, Row? Row)>[] _indexes = [.. Enumerable.Range(0, indexCount).Select(_ => new SortedSet<(string, Row?)>(ByPlace))];

    public IEnumerable<Row> All => _rows.Values;

    public int Count => _rows.Count;

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
        if (index == ByKey)
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
