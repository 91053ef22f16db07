using Charging.Server.Clock;

namespace Charging.Server.Storage.LiteDb;

/// <summary>An operation's view: the batch's overlay over the file. It ends with its operation.</summary>
internal sealed class LiteDbTransaction(LiteDbEngine engine, Overlay overlay, Sequences sequences, DateTimeOffset now, ClockWatch? clocks) : ITransaction
{
    private bool _ended;

    public DateTimeOffset Now { get; } = now;

    public TimeSpan Since(DateTimeOffset date) => Now - date - (clocks?.StepsSince(date) ?? TimeSpan.Zero);

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
        Listing.Check(range, limit);
        var result = new List<T>();
        if (string.CompareOrdinal(range.From, range.To) <= 0)
            result.AddRange(Merge(index.Table, Listing.NumberOf(index), range).Take(limit).Cast<T>());
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

    public ValueTask RaiseNumberAsync(string sequence, long given)
    {
        Check();
        sequences.Raise(engine, sequence, given);
        return ValueTask.CompletedTask;
    }

    /// <summary>From here on whoever still holds the transaction is refused.</summary>
    public void End() => _ended = true;

    private IEnumerable<object> Merge(ITable table, int index, KeyRange range) => Listing.Merge(
        overlay.Of(table), index, range, engine.Range(table, index, range.From, Listing.Upper(index, range), range.Descending));

    private void Check()
    {
        if (_ended)
            throw new InvalidOperationException("The operation has ended; its transaction can no longer be used.");
    }
}
