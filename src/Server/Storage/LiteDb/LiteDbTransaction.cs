namespace Charging.Server.Storage.LiteDb;

/// <summary>An operation's view: the batch's overlay over the file. It ends with its operation.</summary>
internal sealed class LiteDbTransaction(LiteDbEngine engine, Overlay overlay, Sequences sequences, DateTimeOffset now) : ITransaction
{
    private const int MaxLimit = 200;
    private bool _ended;

    public DateTimeOffset Now { get; } = now;

    public ValueTask<T?> GetAsync<T>(Table<T> table, string key)
        where T : class
    {
        Check();
        var row = overlay.Of(table)?.Find(key);
        return ValueTask.FromResult((T?)(row is null ? engine.Find(table, key) : row.Entity));
    }

    public ValueTask<IReadOnlyList<T>> ListAsync<T>(Index<T> index, KeyRange range, int limit)
        where T : class
    {
        Check();
        ArgumentNullException.ThrowIfNull(range.From);
        ArgumentNullException.ThrowIfNull(range.To);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxLimit);
        var result = new List<T>();
        if (string.CompareOrdinal(range.From, range.To) <= 0)
            result.AddRange(Merge(index.Table, IndexOf(index), range).Take(limit).Cast<T>());
        return ValueTask.FromResult<IReadOnlyList<T>>(result);
    }

    public void Put<T>(Table<T> table, T entity)
        where T : class
    {
        Check();
        engine.Require(table);
        overlay.Set(table, Row.Of(table, entity));
    }

    public void Delete<T>(Table<T> table, string key)
        where T : class
    {
        Check();
        if ((overlay.Of(table)?.Find(key) is { } row ? row.Entity : engine.Find(table, key)) is not null)
            overlay.Set(table, Row.Deleted(table, key));
    }

    public ValueTask<long> NextNumberAsync(string sequence)
    {
        Check();
        return ValueTask.FromResult(sequences.Next(engine, sequence));
    }

    /// <summary>From here on whoever still holds the transaction is refused.</summary>
    public void End() => _ended = true;

    private static int IndexOf<T>(Index<T> index)
        where T : class
    {
        if (ReferenceEquals(index, index.Table.ByKey))
            return LiteDbEngine.ByKey;
        for (var i = 0; i < index.Table.Indexes.Count; i++)
        {
            if (ReferenceEquals(index.Table.Indexes[i], index))
                return i;
        }
        throw new ArgumentException($"The index {index.Name} is not one of its table's.", nameof(index));
    }

    /// <summary>The rows of the file that the batch has not touched, and those it has, in the index's order.</summary>
    private IEnumerable<object> Merge(ITable table, int index, KeyRange range)
    {
        var to = index == LiteDbEngine.ByKey ? range.To : Keys.Upper(range.To);
        var sign = range.Descending ? -1 : 1;
        var rows = overlay.Of(table);
        using var ours = (rows?.Range(index, range.From, to, range.Descending) ?? []).GetEnumerator();
        using var theirs = engine.Range(table, index, range.From, to, range.Descending).GetEnumerator();
        var hasOurs = ours.MoveNext();
        while (theirs.MoveNext())
        {
            if (rows?.Find(theirs.Current.Key) is not null)
                continue;
            for (; hasOurs && sign * string.CompareOrdinal(ours.Current.At, theirs.Current.At) < 0; hasOurs = ours.MoveNext())
                yield return ours.Current.Row!.Entity!;
            yield return theirs.Current.Entity;
        }
        for (; hasOurs; hasOurs = ours.MoveNext())
            yield return ours.Current.Row!.Entity!;
    }

    private void Check()
    {
        if (_ended)
            throw new InvalidOperationException("The operation has ended; its transaction can no longer be used.");
    }
}
