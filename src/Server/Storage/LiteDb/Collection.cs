using System.Text.Json;
using LiteDB;

namespace Charging.Server.Storage.LiteDb;

/// <summary>A table in LiteDB: how its rows look there, the queries for them, and the entities read last.</summary>
internal sealed class Collection
{
    public const string JsonField = "json";

    /// <summary>
    /// Entities kept for a table. The engine drops its pages at each checkpoint, so without this each read by key would walk
    /// the index and parse JSON again. A resident table is kept whole.
    /// </summary>
    private const int CacheSize = 50_000;

    private readonly Query _byId = new() { Where = { BsonExpression.Create("$._id = @0", BsonValue.Null) } };

    private readonly HighestKeys _highest;

    /// <summary>A table's view.</summary>
    /// <param name="table">The table.</param>
    /// <param name="highestKey">Reads the table's highest key that begins with a prefix.</param>
    public Collection(ITable table, Func<string, string?> highestKey)
    {
        _highest = new HighestKeys(highestKey);
        Table = table;
        Indexes = [.. table.IndexNames.Select(n => new IndexQueries("i_" + n))];
        ByKey = new IndexQueries("_id");
    }

    public ITable Table { get; }

    public IReadOnlyList<IndexQueries> Indexes { get; }

    public IndexQueries ByKey { get; }

    public Dictionary<string, object> Cache { get; } = [];

    /// <summary>Whether a key is known not to be in the file, without looking.</summary>
    public bool IsAbsent(string key) => !Cache.ContainsKey(key) && (Table.IsResident || _highest.IsAboveAll(key));

    public Query ById(string key)
    {
        _byId.Where[0].Parameters["0"] = key;
        return _byId;
    }

    public BsonDocument ToDocument(Row row)
    {
        var document = new BsonDocument { ["_id"] = row.Key, [JsonField] = row.Json };
        for (var i = 0; i < Indexes.Count; i++)
        {
            if (row.IndexKeys[i] is { } at)
                document[Indexes[i].Name] = at;
        }
        return document;
    }

    public object EntityOf(string key, BsonDocument document)
    {
        if (Cache.TryGetValue(key, out var cached))
            return cached;
        var entity = EntityOf(key, document[JsonField].AsBinary);
        Remember(key, entity);
        return entity;
    }

    private object EntityOf(string key, byte[] json)
    {
        try
        {
            return Table.Read(json);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"the row {key} of the table {Table.Name} is none that this program knows ({e.Message}); use the version that wrote it", e);
        }
    }

    /// <summary>A row is in the engine as it is here.</summary>
    public void Wrote(Row row)
    {
        Remember(row.Key, row.Entity);
        if (row.Entity is not null)
            _highest.Wrote(row.Key);
    }

    private void Remember(string key, object? entity)
    {
        if (entity is null)
        {
            Cache.Remove(key);
            return;
        }
        if (Cache.Count >= CacheSize && !Table.IsResident)
            Cache.Clear();
        Cache[key] = entity;
    }

    /// <summary>The two queries of an index, made once: LiteDB parses an expression each time that one is made.</summary>
    internal sealed class IndexQueries(string name)
    {
        private readonly Query _ascending = Make(name, Query.Ascending);
        private readonly Query _descending = Make(name, Query.Descending);

        /// <summary>The index and the field of the row that holds its composed key.</summary>
        public string Name { get; } = name;

        public BsonExpression Field { get; } = BsonExpression.Create("$." + name);

        public Query Between(string from, string to, bool descending)
        {
            var query = descending ? _descending : _ascending;
            query.Where[0].Parameters["0"] = from;
            query.Where[0].Parameters["1"] = to;
            return query;
        }

        private static Query Make(string name, int order) => new()
        {
            Where = { BsonExpression.Create($"$.{name} BETWEEN @0 AND @1", BsonValue.Null, BsonValue.Null) },
            OrderBy = BsonExpression.Create("$." + name),
            Order = order,
        };
    }
}
