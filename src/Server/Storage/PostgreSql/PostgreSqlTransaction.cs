using Charging.Server.Clock;
using Npgsql;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>
/// An operation's view: its own writes over a serializable transaction of the database. What is foreseen is read together,
/// other reads go there one by one, the writes at the end and together, with the COMMIT: one way to the server and back.
/// </summary>
/// <param name="connection">Where it runs.</param>
/// <param name="sql">The SQL of its tables.</param>
/// <param name="numbers">The store's sequences.</param>
/// <param name="now">The operation's time.</param>
/// <param name="clocks">Knows whether the clock was set; null when nobody watches it.</param>
/// <param name="hold">Keeps rows from the other operations of this node until this one has ended.</param>
/// <param name="saw">Told of each row that was found by reading; null when nobody wants to know.</param>
internal sealed class PostgreSqlTransaction(
    NpgsqlConnection connection, SqlTables sql, Numbers numbers, DateTimeOffset now, ClockWatch? clocks,
    Func<IEnumerable<(ITable Table, string Key)>, ValueTask> hold, Action<ITable, string>? saw) : ITransaction
{
    private readonly Overlay _overlay = new();
    private readonly Dictionary<(ITable Table, string Key), object?> _foreseen = [];
    private bool _hasBegun;
    private bool _hasEnded;

    public DateTimeOffset Now { get; } = now;

    public TimeSpan Since(DateTimeOffset date) => Now - date - (clocks?.StepsSince(date) ?? TimeSpan.Zero);

    /// <summary>
    /// What broke the transaction. An operation could swallow it and go on, or the store could take it for the operation's
    /// own, so it is kept here and the store looks for it.
    /// </summary>
    public NpgsqlException? Failure { get; private set; }

    /// <summary>The rows that it has written, in one order for all, so that no two wait for each other in the database.</summary>
    public IReadOnlyList<(ITable Table, Row Row)> Writes() =>
    [
        .. _overlay.Tables.SelectMany(table => table.Rows.All.Select(row => (table.Table, row)))
            .OrderBy(write => write.Table.Name, StringComparer.Ordinal).ThenBy(write => write.row.Key, StringComparer.Ordinal),
    ];

    /// <summary>What it has changed, in its own order.</summary>
    public List<Change> Changes()
    {
        var changes = new List<Change>();
        _overlay.Keep(changes);
        return changes;
    }

    public async ValueTask ForeseeAsync(params (ITable Table, string Key)[] rows)
    {
        Check();
        var missing = rows.Where(row => Keys.IsKey(row.Key) && !_foreseen.ContainsKey(row)).Distinct().ToList();
        if (missing.Count == 0)
            return;
        // Only before the database takes its snapshot, or what they have written would be missing from it.
        if (!_hasBegun)
            await hold(missing);
        var found = await GuardAsync(async () =>
        {
            var rows = new List<byte[]?>();
            await using var batch = Batch([.. missing.Select(row => Query(sql.Of(row.Table).Get, SqlText.Parameter(SqlText.Write(row.Key))))]);
            await using var reader = await batch.ExecuteReaderAsync();
            foreach (var row in missing)
            {
                rows.Add(await reader.ReadAsync() ? reader.GetFieldValue<byte[]>(0) : null);
                await reader.NextResultAsync();
            }
            return rows;
        });
        foreach (var (row, json) in missing.Zip(found))
            _foreseen[row] = json is null ? null : row.Table.Read(json);
    }

    public async ValueTask<T?> GetAsync<T>(Table<T> table, string key)
        where T : class
    {
        Check();
        if (_overlay.Of(table)?.Find(key) is { } row)
            return (T?)row.Entity;
        if (_foreseen.TryGetValue((table, key), out var known))
            return (T?)known;
        var found = Keys.IsKey(key) ? await ReadAsync(table, sql.Of(table).Get, SqlText.Parameter(SqlText.Write(key))) : [];
        return (T?)found.FirstOrDefault();
    }

    public async ValueTask<IReadOnlyList<T>> ListAsync<T>(Index<T> index, KeyRange range, int limit)
        where T : class
    {
        Check();
        Listing.Check(range, limit);
        if (string.CompareOrdinal(range.From, range.To) > 0)
            return [];
        var (table, number) = (index.Table, Listing.NumberOf(index));
        var ours = _overlay.Of(table);
        // Each row that was written may have taken a stored one out of the range.
        var stored = await ReadAsync(
            table,
            sql.Of(table).List(number, range.Descending),
            SqlText.Parameter(SqlText.Write(range.From)),
            SqlText.Parameter(SqlText.Write(range.To)),
            new NpgsqlParameter<int> { TypedValue = limit + (ours?.Count ?? 0) });
        var placed = stored.Cast<T>().Select(entity => (PlaceOf(index, number, entity), table.KeyOf(entity), (object)entity));
        return [.. Listing.Merge(ours, number, range, placed).Take(limit).Cast<T>()];
    }

    public void Put<T>(Table<T> table, T entity)
        where T : class
    {
        Check();
        sql.Of(table);
        _overlay.Set(table, Row.Of(table, entity));
    }

    public void Delete<T>(Table<T> table, string key)
        where T : class
    {
        Check();
        sql.Of(table);
        if (Keys.IsKey(key))
            _overlay.Set(table, Row.Deleted(table, key));
    }

    public async ValueTask<long> NextNumberAsync(string sequence)
    {
        Check();
        return await GuardAsync(async () =>
        {
            await using var batch = Batch(Query(SqlTables.NextNumber, SqlText.Parameter(await numbers.NameOfAsync(sequence))));
            return (long)(await batch.ExecuteScalarAsync())!;
        });
    }

    public async ValueTask RaiseNumberAsync(string sequence, long given)
    {
        if (await NextNumberAsync(sequence) < given)
            await GuardAsync(async () =>
            {
                await using var batch = Batch(Query(SqlTables.RaiseNumber, SqlText.Parameter(await numbers.NameOfAsync(sequence)), new NpgsqlParameter<long> { TypedValue = given }));
                return await batch.ExecuteNonQueryAsync();
            });
    }

    /// <summary>From here on whoever still holds the transaction is refused.</summary>
    public void End() => _hasEnded = true;

    /// <summary>Writes what was put and deleted, and commits.</summary>
    /// <returns>The transaction's stamp; 0 when it has written nothing.</returns>
    public async Task<long> CommitAsync(IReadOnlyList<(ITable Table, Row Row)> writes)
    {
        if (!_hasBegun && writes.Count == 0)
            return 0;
        await using var batch = new NpgsqlBatch(connection);
        if (!_hasBegun)
            batch.BatchCommands.Add(new NpgsqlBatchCommand(SqlTables.Begin));
        if (writes.Count > 0)
            batch.BatchCommands.Add(new NpgsqlBatchCommand(SqlTables.TakeStamp));
        foreach (var (table, row) in writes)
            batch.BatchCommands.Add(sql.Of(table).Write(row));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(SqlTables.Commit));
        return await batch.ExecuteScalarAsync() as long? ?? 0;
    }

    private static string PlaceOf<T>(Index<T> index, int number, T entity)
        where T : class
    {
        var key = index.Table.KeyOf(entity);
        return number == Rows.ByKey ? key : Keys.Compose(index.Name, index.KeyOf(entity)!, key);
    }

    private async Task<List<object>> ReadAsync(ITable table, string query, params NpgsqlParameter[] parameters)
    {
        var rows = await GuardAsync(async () =>
        {
            var rows = new List<byte[]>();
            await using var batch = Batch(Query(query, parameters));
            await using var reader = await batch.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                rows.Add(reader.GetFieldValue<byte[]>(0));
            return rows;
        });
        var entities = rows.ConvertAll(json => table.Read(json));
        if (saw is not null)
            entities.ForEach(entity => saw(table, table.KeyOf(entity)));
        return entities;
    }

    private static NpgsqlBatchCommand Query(string query, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(query);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }

    /// <summary>Queries, which begin the transaction if they are the first.</summary>
    private NpgsqlBatch Batch(params NpgsqlBatchCommand[] queries)
    {
        var batch = new NpgsqlBatch(connection);
        if (!_hasBegun)
            batch.BatchCommands.Add(new NpgsqlBatchCommand(SqlTables.Begin));
        _hasBegun = true;
        foreach (var query in queries)
            batch.BatchCommands.Add(query);
        return batch;
    }

    // Nothing but Npgsql runs in there, and not all of its faults are its own exceptions.
    private async Task<TResult> GuardAsync<TResult>(Func<Task<TResult>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception e)
        {
            Failure ??= PostgreSqlFailure.Of(e);
            throw new StoreUnavailableException("PostgreSQL could not be read.", e);
        }
    }

    private void Check()
    {
        if (_hasEnded)
            throw new InvalidOperationException("The operation has ended; its transaction can no longer be used.");
    }
}
