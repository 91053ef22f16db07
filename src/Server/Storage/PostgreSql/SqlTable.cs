using Npgsql;
using NpgsqlTypes;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>
/// All SQL about a table. A row is its key, the entity's JSON, a stamp, and for each index a column `i_…` with the index key,
/// null where the entity is left out. Texts are the same at each call, so that each is prepared once on a connection.
/// </summary>
internal sealed class SqlTable
{
    /// <summary>Rows that are walked or read again at a time.</summary>
    public const int Slice = 2_000;

    private readonly (string Up, string Down)[] _lists;

    /// <summary>The SQL for a table.</summary>
    public SqlTable(ITable table)
    {
        Table = table;
        var columns = table.IndexNames.Select(name => "i_" + name).ToArray();
        var named = string.Concat(columns.Select(column => $", {column}"));
        var values = string.Concat(columns.Select((_, i) => $", ${i + 3}"));
        var changed = string.Concat(columns.Select(column => $", {column} = EXCLUDED.{column}"));

        Get = $"SELECT json FROM {table.Name} WHERE key || '' = $1";
        Put = $"INSERT INTO {table.Name} (key, json, stamp{named}) VALUES ($1, $2, currval('store_stamp'){values}) " +
            $"ON CONFLICT (key) DO UPDATE SET json = EXCLUDED.json, stamp = EXCLUDED.stamp{changed}";
        Delete = $"DELETE FROM {table.Name} WHERE key || '' = $1";
        ReadAgain = $"SELECT key, json, stamp FROM {table.Name} WHERE key = ANY ($1)";
        Walk = $"SELECT key, stamp FROM {table.Name} WHERE key > $1 AND stamp > $2 ORDER BY key LIMIT {Slice}";
        Rewrite = $"SELECT key, json FROM {table.Name} WHERE key > $1 ORDER BY key LIMIT {Slice}";
        _lists =
        [
            (ListBy("key", ""), ListBy("key", " DESC")),
            .. columns.Select(column => (ListBy(column, ""), ListBy(column, " DESC"))),
        ];

        string ListBy(string column, string direction)
        {
            var tie = column == "key" ? "" : $", key{direction}";
            return $"SELECT json FROM {table.Name} WHERE {column} >= $1 AND {column} <= $2 ORDER BY {column}{direction}{tie} LIMIT $3";
        }
    }

    public ITable Table { get; }

    /// <summary>$1 key.</summary>
    public string Get { get; }

    /// <summary>$1 key, $2 JSON, then the index keys. The transaction has taken its stamp.</summary>
    public string Put { get; }

    /// <summary>$1 key.</summary>
    public string Delete { get; }

    /// <summary>Keys, JSON and stamps. $1 keys.</summary>
    public string ReadAgain { get; }

    /// <summary>Keys and stamps. $1 the key after which to go on, $2 the stamp below which a row is left out.</summary>
    public string Walk { get; }

    /// <summary>Rows for a migration. $1 the key after which to go on.</summary>
    public string Rewrite { get; }

    /// <summary>$1 first key, $2 last key, $3 how many.</summary>
    public string List(int index, bool descending) => descending ? _lists[index + 1].Down : _lists[index + 1].Up;

    /// <summary>
    /// Makes the table, or adds the columns that it lacks. "C" is the order of bytes. Pages of rows are left half empty, so
    /// that an update finds room beside the old row and need not touch the indexes.
    /// <para>
    /// A row is looked for by a hash index, and by an expression that no other index has. A serializable transaction that has
    /// looked into a page of an index is in conflict with whoever adds to that page, found or not; in the primary key's tree
    /// all new orders are on one page, and a small table is one page. A hash index spreads them, but begins with two pages:
    /// it is built over rows that are deleted again, for it never shrinks.
    /// </para>
    /// </summary>
    /// <param name="columns">Those that are there; empty when there is no table.</param>
    public IEnumerable<string> Define(IReadOnlySet<string> columns)
    {
        if (columns.Count == 0)
        {
            yield return $"""
                CREATE TABLE {Table.Name} (
                    key text COLLATE "C" PRIMARY KEY,
                    json json NOT NULL,
                    stamp bigint NOT NULL
                ) WITH (fillfactor = 50)
                """;
            yield return $"INSERT INTO {Table.Name} SELECT 'spread ' || n, 'null', 0 FROM generate_series(1, 5200) n";
            yield return $"CREATE INDEX {Table.Name}_lookup ON {Table.Name} USING hash ((key || '')) WITH (fillfactor = 10)";
            yield return $"DELETE FROM {Table.Name}";
        }
        foreach (var name in Table.IndexNames.Where(name => !columns.Contains("i_" + name)))
        {
            yield return $"ALTER TABLE {Table.Name} ADD COLUMN i_{name} text COLLATE \"C\"";
            yield return $"CREATE INDEX {Table.Name}_{name} ON {Table.Name} (i_{name}, key) WHERE i_{name} IS NOT NULL";
        }
    }

    /// <summary>The command that makes a row be as it is here.</summary>
    public NpgsqlBatchCommand Write(Row row)
    {
        var command = new NpgsqlBatchCommand(row.Entity is null ? Delete : Put) { Parameters = { SqlText.Parameter(SqlText.Write(row.Key)) } };
        if (row.Entity is null)
            return command;
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = row.Json, NpgsqlDbType = NpgsqlDbType.Json });
        foreach (var place in row.IndexKeys)
            command.Parameters.Add(SqlText.Parameter(place is null ? null : SqlText.Write(Keys.IndexKeyOf(place, row.Key))));
        return command;
    }
}
