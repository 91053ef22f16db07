using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Charging.Server.Storage;

/// <summary>A table without its type, for the engines.</summary>
public interface ITable
{
    /// <summary>Name in the engine: lower-case letters and underscores.</summary>
    string Name { get; }

    /// <summary>Names of its indexes.</summary>
    IReadOnlyList<string> IndexNames { get; }

    /// <summary>Reads an entity from its JSON.</summary>
    object Read(ReadOnlySpan<byte> json);

    /// <summary>Writes an entity as JSON.</summary>
    byte[] Write(object entity);

    /// <summary>An entity's key.</summary>
    string KeyOf(object entity);

    /// <summary>An entity's key in each index, in the order of <see cref="IndexNames"/>; null where it is left out.</summary>
    string?[] IndexKeysOf(object entity);

    /// <summary>
    /// Whether the table is small enough to be kept in memory whole: what is not there is then known without looking.
    /// </summary>
    bool IsResident { get; }

    /// <summary>Reads at most 200 entities whose key is not before one, in the order of their keys.</summary>
    ValueTask<IReadOnlyList<object>> ListAsync(ITransaction tx, string from);

    /// <summary>Inserts or replaces an entity.</summary>
    void Put(ITransaction tx, object entity);

    /// <summary>Removes an entity.</summary>
    void Delete(ITransaction tx, string key);
}

/// <summary>
/// Where the entities of a type are kept, under a string key, as JSON, with ordered indexes that need not be unique.
/// Both engines keep exactly this.
/// </summary>
/// <param name="name">Name in the engine: lower-case letters and underscores.</param>
/// <param name="json">How an entity is written.</param>
/// <param name="key">An entity's key, 1 to 100 characters without control characters.</param>
/// <param name="isResident">Whether its size is bounded by what is open or registered, never by history.</param>
public sealed class Table<T>(string name, JsonTypeInfo<T> json, Func<T, string> key, bool isResident = false) : ITable
    where T : class
{
    private readonly List<Index<T>> _indexes = [];
    private IReadOnlyList<string>? _indexNames;

    /// <inheritdoc/>
    public string Name { get; } = name;

    /// <inheritdoc/>
    public bool IsResident { get; } = isResident;

    /// <summary>How an entity is written.</summary>
    public JsonTypeInfo<T> Json { get; } = json;

    /// <summary>The entities in the order of their keys. Costs nothing beside the table itself.</summary>
    // One for all threads that ask for it first at the same time: the engines know it by reference.
    public Index<T> ByKey => field ?? Interlocked.CompareExchange(ref field, new Index<T>(this, "_id", KeyOf), null) ?? field;

    /// <summary>The indexes, in the order of their definition.</summary>
    public IReadOnlyList<Index<T>> Indexes => _indexes;

    /// <inheritdoc/>
    public IReadOnlyList<string> IndexNames => _indexNames ??= [.. _indexes.Select(i => i.Name)];

    /// <summary>An entity's key.</summary>
    public string KeyOf(T entity) => key(entity);

    object ITable.Read(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, Json) ?? throw new JsonException($"A row of the table {Name} is null.");

    byte[] ITable.Write(object entity) => JsonSerializer.SerializeToUtf8Bytes((T)entity, Json);

    string ITable.KeyOf(object entity) => key((T)entity);

    string?[] ITable.IndexKeysOf(object entity) => [.. _indexes.Select(i => i.KeyOf((T)entity))];

    async ValueTask<IReadOnlyList<object>> ITable.ListAsync(ITransaction tx, string from) =>
        await tx.ListAsync(ByKey, new KeyRange(from, KeyRange.End), 200);

    void ITable.Put(ITransaction tx, object entity) => tx.Put(this, (T)entity);

    void ITable.Delete(ITransaction tx, string key) => tx.Delete(this, key);

    /// <summary>
    /// Defines an index. Only while the table itself is defined; rows that are stored already enter a new index by a
    /// <see cref="Migration"/>.
    /// </summary>
    /// <param name="indexName">Name in the engine: lower-case letters and underscores.</param>
    /// <param name="indexKey">The key of an entity in the index, at most 200 characters without control characters, or null to leave it out.</param>
    public Index<T> Index(string indexName, Func<T, string?> indexKey)
    {
        var index = new Index<T>(this, indexName, indexKey);
        _indexes.Add(index);
        _indexNames = null;
        return index;
    }
}

/// <summary>An ordered index of a table.</summary>
/// <param name="Table">The table.</param>
/// <param name="Name">Name in the engine.</param>
/// <param name="KeyOf">The key of an entity in the index, or null when the entity is not in it.</param>
public sealed record Index<T>(Table<T> Table, string Name, Func<T, string?> KeyOf)
    where T : class;
