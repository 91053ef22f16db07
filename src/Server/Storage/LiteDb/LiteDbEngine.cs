using LiteDB;
using LiteDB.Engine;

namespace Charging.Server.Storage.LiteDb;

/// <summary>
/// The LiteDB engine on its two streams, for the store's thread alone. Any failure of it is final: <see cref="Failure"/>
/// keeps it, and the file has to be opened again.
/// </summary>
internal sealed class LiteDbEngine : IDisposable
{
    private const string Meta = "store_meta";
    private const string SchemaId = "schema";
    private const string RestoredId = "restored";
    private const int ResidentSlice = 1000;

    private readonly IBlockFile _data;
    private readonly LogFile _log;
    private readonly LogStream _logStream;
    private readonly DataStream _dataStream;
    private readonly LiteEngine _engine;
    private readonly Dictionary<ITable, Collection> _collections = [];
    private bool _inTransaction;

    private LiteDbEngine(IBlockFile data, LogFile log, LogStream logStream)
    {
        _data = data;
        _log = log;
        _logStream = logStream;
        _dataStream = new DataStream(data, logStream);
        _engine = new LiteEngine(new EngineSettings { DataStream = _dataStream, LogStream = logStream, TempStream = new MemoryStream() });
    }

    /// <summary>The number of the batch that the next commit makes.</summary>
    public long Batch => _logStream.Batch;

    /// <summary>The batch that opening has finished for a predecessor that failed or crashed; 0 when there was none.</summary>
    public long ReplayedBatch { get; private set; }

    /// <summary>What broke the engine.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Opens the file on its streams, finishing the batch that a crash has left in the log.</summary>
    public static LiteDbEngine Start(IBlockFile data, LogFile log, bool barrier)
    {
        var pages = log.Recover();
        DataFile.PrepareOrRefuse(data, pages.Length > 0);
        DataFile.RefuseCutOff(data, pages);
        var logStream = new LogStream(log, barrier);
        logStream.Restore(pages);
        var engine = new LiteDbEngine(data, log, logStream);
        if (pages.Length > 0)
        {
            engine.ReplayedBatch = logStream.Batch;
            engine.Checkpoint();
        }
        return engine;
    }

    /// <summary>Makes the tables and indexes that are not there yet.</summary>
    public void Define(IEnumerable<ITable> tables)
    {
        Begin();
        foreach (var table in tables)
        {
            var collection = new Collection(table, prefix => HighestKey(table, prefix));
            foreach (var index in collection.Indexes)
                _engine.EnsureIndex(table.Name, index.Name, index.Field, unique: false);
            _collections.Add(table, collection);
        }
        Commit();
        foreach (var table in tables.Where(t => t.IsResident))
            LoadResident(table);
    }

    // Reading an entity is what puts it into the cache. In slices: the engine keeps every page that a transaction has read.
    private void LoadResident(ITable table)
    {
        var read = ResidentSlice;
        for (var from = ""; read == ResidentSlice; Commit())
        {
            read = 0;
            foreach (var (_, key, _) in Range(table, Rows.ByKey, from, KeyRange.End, descending: false).Take(ResidentSlice))
                (from, read) = (key + " ", read + 1);
            SmallHeap.Relieve();
        }
    }

    /// <exception cref="InvalidOperationException">The store was opened without this table.</exception>
    public void Require(ITable table) => CollectionOf(table);

    /// <summary>The entity under a key, as it is in the file.</summary>
    public object? Find(ITable table, string key)
    {
        var collection = CollectionOf(table);
        if (collection.Cache.TryGetValue(key, out var cached))
            return cached;
        return Keys.IsKey(key) && !collection.IsAbsent(key) ? Read(collection.ById(key), collection).FirstOrDefault().Entity : null;
    }

    /// <summary>The rows of an index between two composed keys, in its order. Read to an end or disposed before anything else is done.</summary>
    public IEnumerable<(string At, string Key, object Entity)> Range(ITable table, int index, string from, string to, bool descending)
    {
        var collection = CollectionOf(table);
        var queries = index == Rows.ByKey ? collection.ByKey : collection.Indexes[index];
        return Read(queries.Between(from, to, descending), collection)
            .Select(r => (r.Document[queries.Name].AsString, r.Key, r.Entity));
    }

    private string? HighestKey(ITable table, string prefix) =>
        Range(table, Rows.ByKey, prefix, prefix + KeyRange.End, descending: true).Select(r => r.Key).FirstOrDefault();

    /// <summary>At most as many keys of a table as asked for, from one key on.</summary>
    public List<(string Key, byte[] Json)> Slice(string table, string after, int limit)
    {
        var query = new Query { OrderBy = "$._id", Limit = limit };
        query.Where.Add(BsonExpression.Create("$._id > @0", after));
        using var reader = OpenReader(table, query);
        var rows = new List<(string, byte[])>();
        while (reader.Read())
            rows.Add((reader.Current["_id"].AsString, reader.Current[Collection.JsonField].AsBinary));
        return rows;
    }

    public long ReadNumber(string id) => Guard(() =>
    {
        using var reader = OpenReader(Meta, new Query { Where = { BsonExpression.Create("$._id = @0", id) } });
        return reader.Read() ? reader.Current["value"].AsInt64 : 0;
    });

    public void WriteNumber(string id, long value)
    {
        Begin();
        _engine.Upsert(Meta, [new BsonDocument { ["_id"] = id, ["value"] = value }], BsonAutoId.ObjectId);
    }

    public long SchemaVersion
    {
        get => ReadNumber(SchemaId);
        set => WriteNumber(SchemaId, value);
    }

    /// <summary>Tables that it was opened without.</summary>
    public IEnumerable<string> UnknownTables => _engine.GetCollectionNames().Except([Meta, .. _collections.Keys.Select(table => table.Name)]);

    public bool IsEmpty => !_engine.GetCollectionNames().Any();

    /// <summary>Hands the rows to the engine's transaction.</summary>
    public void Apply(Overlay overlay)
    {
        foreach (var (table, rows) in overlay.Tables)
        {
            Begin();
            var collection = CollectionOf(table);
            // What is known to be new need not be looked for once more.
            var put = rows.All.Where(r => r.Entity is not null).ToLookup(r => collection.IsAbsent(r.Key));
            if (put.Contains(true))
                _engine.Insert(table.Name, put[true].Select(collection.ToDocument), BsonAutoId.ObjectId);
            if (put.Contains(false))
                _engine.Upsert(table.Name, put[false].Select(collection.ToDocument), BsonAutoId.ObjectId);
            var deleted = rows.All.Where(r => r.Entity is null).Select(r => new BsonValue(r.Key)).ToList();
            if (deleted.Count > 0)
                _engine.Delete(table.Name, deleted);
            foreach (var row in rows.All)
                collection.Wrote(row);
        }
    }

    /// <summary>Commits, and returns when the batch is on disk.</summary>
    public void Commit()
    {
        if (!_inTransaction)
            return;
        if (!_engine.Commit())
            throw new IOException("The engine lost the batch's transaction.");
        _inTransaction = false;
        Checkpoint();
    }

    /// <summary>Begins a copy of the file as it is now. Only between two batches: the data file alone is then the whole store.</summary>
    public FileCopy BeginCopy() => _dataStream.Copy = new FileCopy(_data);

    /// <summary>
    /// Prepares a store that was restored from a backup. It leaves a gap in every sequence: numbers that were given after the
    /// backup was taken are known outside, to the payment provider first of all, and must not be given again. And it writes down
    /// when that was, for what the backup brings back is not valid at once (<see cref="Restores"/>).
    /// </summary>
    public void BeginAfterRestore(DateTimeOffset now)
    {
        var marks = new List<(string Id, long Value)>();
        using (var reader = OpenReader(Meta, new Query { Where = { BsonExpression.Create("$._id LIKE @0", Sequences.Prefix + "%") } }))
        {
            while (reader.Read())
                marks.Add((reader.Current["_id"].AsString, reader.Current["value"].AsInt64));
        }
        foreach (var (id, value) in marks)
            WriteNumber(id, value + NumberSequence.Gap);
        WriteNumber(RestoredId, now.ToUnixTimeMilliseconds());
        Commit();
    }

    /// <summary>When it was opened first after the last restore, UTC; null when it never was restored.</summary>
    public DateTimeOffset? RestoredAt => ReadNumber(RestoredId) is > 0 and var milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    /// <summary>Whether the files were put here by a restore, and no batch was written since.</summary>
    public bool IsRestored => _log.IsRestored;

    /// <summary>Closes for good: the data file alone is then the whole store.</summary>
    public void Close()
    {
        _engine.Dispose();
        _log.Clear();
    }

    public void Dispose()
    {
        _dataStream.Copy?.Fail("The store was closed, or its disk failed.");
        _engine.Dispose();
        _log.Dispose();
        _data.Dispose();
    }

    private IEnumerable<(BsonDocument Document, string Key, object Entity)> Read(Query query, Collection collection)
    {
        using var reader = Guard(() => OpenReader(collection.Table.Name, query));
        while (Guard(reader.Read))
        {
            var document = reader.Current.AsDocument;
            var key = document["_id"].AsString;
            // JSON that no longer fits its type is a bug of one table, which fails its reader and not the batch.
            yield return (document, key, collection.EntityOf(key, document));
        }
    }

    /// <summary>
    /// An operation could swallow the engine's exception and go on, or the store could take it for the operation's own;
    /// so it is kept here, and the batch looks for it.
    /// </summary>
    private T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e)
        {
            Failure ??= e;
            throw new StoreUnavailableException($"The data directory {LiteDbFailure.Why(e)}.", e);
        }
    }

    private IBsonDataReader OpenReader(string collection, Query query)
    {
        Begin();
        return _engine.Query(collection, query);
    }

    private void Checkpoint()
    {
        _dataStream.IsWritable = true;
        try
        {
            _engine.Checkpoint();
        }
        finally
        {
            _dataStream.IsWritable = false;
        }
    }

    private void Begin()
    {
        if (_inTransaction)
            return;
        _inTransaction = _engine.BeginTrans();
    }

    private Collection CollectionOf(ITable table) => _collections.TryGetValue(table, out var collection)
        ? collection
        : throw new InvalidOperationException($"The table {table.Name} is not among those the store was opened with.");
}
