namespace Charging.Server.Storage.PostgreSql;

/// <summary>The SQL of every table that the store was opened with, and what belongs to no table.</summary>
internal sealed class SqlTables
{
    public const string Begin = "BEGIN ISOLATION LEVEL SERIALIZABLE";
    public const string Commit = "COMMIT";
    public const string Rollback = "ROLLBACK";

    /// <summary>
    /// The stamp of a transaction, which its rows carry. Of two transactions that write one row, the later one has seen the
    /// former committed before it took its own; so a row's stamps rise in the order of its changes.
    /// </summary>
    public const string TakeStamp = "SELECT nextval('store_stamp')";

    /// <summary>The newest stamp that was taken.</summary>
    public const string NewestStamp = "SELECT last_value FROM store_stamp";

    /// <summary>$1 name of the sequence.</summary>
    public const string NextNumber = "SELECT nextval($1::regclass)";

    /// <summary>$1 name of the sequence, $2 the number after which it goes on.</summary>
    public const string RaiseNumber = "SELECT setval($1::regclass, $2)";

    /// <summary>Held by each node that serves, on a connection that it keeps; false while the store is moved.</summary>
    public const string Serve = "SELECT pg_try_advisory_lock_shared(4848656769)";

    /// <summary>The sessions that hold <see cref="Serve"/>: one of each node that is there.</summary>
    public const string Serving =
        "SELECT concat(session.pid, ' ', session.backend_start) FROM pg_locks held JOIN pg_stat_activity session USING (pid) " +
        "WHERE held.locktype = 'advisory' AND held.classid = 1 AND held.objid = 553689473 AND held.mode = 'ShareLock' AND held.granted " +
        "AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())";

    /// <summary>Held by a server that moves the store, on a connection that it keeps; false while a node serves it.</summary>
    public const string BeAlone = "SELECT pg_try_advisory_lock(4848656769)";

    /// <summary>Whether a connection lives, and so what it holds.</summary>
    public const string Ping = "SELECT 1";

    /// <summary>$1 channel, $2 what is told.</summary>
    public const string Announce = "SELECT pg_notify($1, $2)";

    private readonly Dictionary<ITable, SqlTable> _tables;
    private readonly Dictionary<string, SqlTable> _byName;

    public SqlTables(IReadOnlyList<ITable> tables)
    {
        _tables = tables.ToDictionary(table => table, table => new SqlTable(table));
        _byName = _tables.Values.ToDictionary(sql => sql.Table.Name, StringComparer.Ordinal);
    }

    public IEnumerable<SqlTable> All => _tables.Values;

    /// <exception cref="InvalidOperationException">The store was opened without this table.</exception>
    public SqlTable Of(ITable table) => _tables.TryGetValue(table, out var sql)
        ? sql
        : throw new InvalidOperationException($"The table {table.Name} is not among those the store was opened with.");

    /// <summary>A table by its name; null when this program has none of that name.</summary>
    public SqlTable? Named(string name) => _byName.GetValueOrDefault(name);

    public static string MakeSequence(string name) => $"CREATE SEQUENCE IF NOT EXISTS {name}";
}
