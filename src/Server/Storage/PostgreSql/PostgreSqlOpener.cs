using Npgsql;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>
/// Brings the database to the schema of this program, in one transaction: nodes that start at once do it one after the
/// other, and one that fails leaves everything as it was. What is there already is not touched, so a node may start without
/// the right to change the schema.
/// </summary>
internal sealed class PostgreSqlOpener
{
    // Any number, the same for all nodes; a lock is of its database.
    private const string Lock = "SELECT pg_advisory_xact_lock(4848656768)";

    private const string Columns = "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema()";

    private static readonly string[] OfEachTable = ["key", "json", "stamp"];

    private const string Version = "SELECT value FROM store_meta WHERE name = 'schema'";

    private const string Restored = "SELECT value FROM store_meta WHERE name = 'restored'";

    private const string SetVersion =
        "INSERT INTO store_meta (name, value) VALUES ('schema', $1) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value";

    // Whoever restores a dump makes the tables anew, with other numbers. An upgrade of PostgreSQL, a failover and VACUUM FULL keep them.
    private const string IsCopy = "SELECT value <> 'store_meta'::regclass::oid::bigint FROM store_meta WHERE name = 'table'";

    private const string SetTable =
        "INSERT INTO store_meta (name, value) VALUES ('table', 'store_meta'::regclass::oid::bigint) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value";

    private const string SetRestored =
        "INSERT INTO store_meta (name, value) VALUES ('restored', (extract(epoch FROM clock_timestamp()) * 1000)::bigint) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value";

    private const string SkipNumbers =
        "SELECT setval(format('%I.%I', schemaname, sequencename), last_value + $1) FROM pg_sequences " +
        "WHERE schemaname = current_schema() AND sequencename LIKE 'number\\_%' AND last_value IS NOT NULL";

    /// <summary>What belongs to no table.</summary>
    private static readonly string[] Meta =
    [
        "CREATE TABLE store_meta (name text COLLATE \"C\" PRIMARY KEY, value bigint NOT NULL)",
        "CREATE SEQUENCE store_stamp",
    ];

    private readonly NpgsqlConnection _connection;
    private readonly SqlTables _sql;
    private readonly IReadOnlyList<Migration> _migrations;

    private PostgreSqlOpener(NpgsqlConnection connection, SqlTables sql, IReadOnlyList<Migration> migrations) =>
        (_connection, _sql, _migrations) = (connection, sql, migrations);

    /// <returns>
    /// The tables of a newer program: those that are made as this one's and are not among them. And when the database was
    /// restored, if that was a dump, or whoever did it has written it down (docs/scale.md).
    /// </returns>
    /// <exception cref="InvalidDataException">The database is newer than this program, or cannot hold every character.</exception>
    public static async Task<(IReadOnlyList<string> UnknownTables, DateTimeOffset? RestoredAt)> OpenAsync(NpgsqlDataSource source, SqlTables sql, IReadOnlyList<Migration> migrations, ILogger logger)
    {
        await using var connection = await source.ReachAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var opener = new PostgreSqlOpener(connection, sql, migrations);
        if (await opener.DefineAsync() is { } version)
            logger.Migrated(version);
        if (await opener.BeginAfterRestoreAsync())
            logger.Restored();
        var columns = await opener.ColumnsAsync();
        await using var restored = new NpgsqlCommand(Restored, connection);
        var restoredAt = await restored.ExecuteScalarAsync() is long milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : default(DateTimeOffset?);
        await transaction.CommitAsync();
        return ([.. columns.Where(table => sql.Named(table.Key) is null && !OfEachTable.Except(table).Any()).Select(table => table.Key).Order(StringComparer.Ordinal)], restoredAt);
    }

    /// <summary>A server moves it.</summary>
    public static StoreOpenException IsMoved => Because("is being moved by a server with Charging:Store:Moving; wait for its end and stop it");

    /// <summary>Why the store cannot be opened, in a sentence.</summary>
    public static StoreOpenException Refusal(Exception failure) => failure switch
    {
        StoreOpenException refusal => refusal,
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } =>
            Because("refuses this user; correct Username and Password, or its pg_hba.conf"),
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } =>
            Because("has no such database; make it (createdb --encoding UTF8 charging), or correct Database"),
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } =>
            Because("does not let this user make what the program needs; let it own its database, or grant it CREATE on the schema"),
        NpgsqlException e when PostgreSqlFailure.Kind(e) == FailureKind.Lost =>
            Because($"does not answer ({e.InnerException?.Message ?? e.Message}); start it, or correct Host and Port", mayPass: true),
        InvalidDataException e => Because($"cannot be used: {e.Message}"),
        OutOfMemoryException => Because("cannot be used with the memory that this process may use; give it more, by the limit of its container or service or by DOTNET_GCHeapHardLimit"),
        _ => Because($"cannot be used: {failure.Message}; nothing in it was changed"),
    };

    private static StoreOpenException Because(string why, bool mayPass = false) =>
        new($"PostgreSQL (setting Charging:Store:ConnectionString) {why}.") { MayPass = mayPass };

    /// <returns>The version that the schema was brought to; null when there was nothing to do.</returns>
    private async Task<int?> DefineAsync()
    {
        await RunAsync(Lock);
        if (await ScalarAsync("SHOW server_encoding") is not "UTF8")
            throw new InvalidDataException("its encoding is not UTF8; make the database with --encoding UTF8");
        var columns = await ColumnsAsync();
        var isNew = !columns.Contains("store_meta");
        foreach (var statement in isNew ? Meta : [])
            await RunAsync(statement);
        foreach (var statement in _sql.All.SelectMany(table => table.Define(columns[table.Table.Name].ToHashSet(StringComparer.Ordinal))))
            await RunAsync(statement);

        var newest = _migrations.Count == 0 ? 0 : _migrations.Max(migration => migration.Version);
        var current = isNew ? newest : (int)(await ScalarAsync(Version) as long? ?? 0);
        if (current > newest)
            throw new InvalidDataException($"its schema is of version {current}, and this program knows no later than {newest}; use the right version of the program");
        await MigrateAsync(_migrations.Where(migration => migration.Version > current));
        if (!isNew && current == newest)
            return null;
        await RunAsync(SetVersion, new NpgsqlParameter<long> { TypedValue = newest });
        return newest;
    }

    /// <summary>Leaves a gap in every sequence of a database that was restored from a dump, and writes down when that was.</summary>
    private async Task<bool> BeginAfterRestoreAsync()
    {
        var isCopy = await ScalarAsync(IsCopy) as bool?;
        if (isCopy != false)
            await RunAsync(SetTable);
        if (isCopy != true)
            return false;
        await RunAsync(SkipNumbers, new NpgsqlParameter<long> { TypedValue = NumberSequence.Gap });
        await RunAsync(SetRestored);
        return true;
    }

    private async Task<ILookup<string, string>> ColumnsAsync()
    {
        await using var command = new NpgsqlCommand(Columns, _connection);
        await using var reader = await command.ExecuteReaderAsync();
        var columns = new List<(string Table, string Column)>();
        while (await reader.ReadAsync())
            columns.Add((reader.GetString(0), reader.GetString(1)));
        return columns.ToLookup(column => column.Table, column => column.Column);
    }

    private async Task MigrateAsync(IEnumerable<Migration> missing)
    {
        var overlay = new Overlay();
        foreach (var steps in missing.OrderBy(migration => migration.Version).GroupBy(migration => migration.Table))
        {
            var table = _sql.Named(steps.Key)!;
            for (var after = ""; await SliceAsync(table, after) is { Count: > 0 } slice; after = slice[^1].Written)
            {
                foreach (var (written, json) in slice)
                    overlay.Rewrite(table.Table, [.. steps], SqlText.Read(written), json);
            }
        }
        if (overlay.IsEmpty)
            return;
        await ScalarAsync(SqlTables.TakeStamp);
        foreach (var (table, rows) in overlay.Tables)
        {
            foreach (var slice in rows.All.Chunk(SqlTable.Slice))
                await WriteAsync(_sql.Of(table), slice);
        }
    }

    private async Task<List<(string Written, byte[] Json)>> SliceAsync(SqlTable table, string after)
    {
        await using var command = new NpgsqlCommand(table.Rewrite, _connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = after } } };
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<(string, byte[])>();
        while (await reader.ReadAsync())
            rows.Add((reader.GetString(0), reader.GetFieldValue<byte[]>(1)));
        return rows;
    }

    private async Task WriteAsync(SqlTable table, Row[] rows)
    {
        await using var batch = new NpgsqlBatch(_connection);
        foreach (var row in rows)
            batch.BatchCommands.Add(table.Write(row));
        await batch.ExecuteNonQueryAsync();
    }

    private async Task RunAsync(string statement, params NpgsqlParameter[] parameters)
    {
        // Rewriting a large table takes its time.
        await using var command = new NpgsqlCommand(statement, _connection) { CommandTimeout = 0 };
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<object?> ScalarAsync(string query)
    {
        await using var command = new NpgsqlCommand(query, _connection);
        return await command.ExecuteScalarAsync();
    }
}
