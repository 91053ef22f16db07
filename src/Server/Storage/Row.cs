namespace Charging.Server.Storage;

/// <summary>A row as a batch has left it. No entity: deleted.</summary>
/// <param name="Key">The entity's key.</param>
/// <param name="Entity">The entity.</param>
/// <param name="Json">The entity as it is written.</param>
/// <param name="IndexKeys">Its composed key in each index of the table, or null where it is left out.</param>
internal sealed record Row(string Key, object? Entity, byte[] Json, string?[] IndexKeys)
{
    private const int MaxJson = 1 << 20;

    /// <summary>The row of an entity.</summary>
    /// <exception cref="ArgumentException">A key or the entity is not fit for an engine.</exception>
    public static Row Of(ITable table, object entity)
    {
        var key = table.KeyOf(entity);
        Keys.CheckKey(table.Name, key);
        var indexKeys = table.IndexKeysOf(entity);
        for (var i = 0; i < indexKeys.Length; i++)
        {
            if (indexKeys[i] is { } indexKey)
                indexKeys[i] = Keys.Compose(table.IndexNames[i], indexKey, key);
        }
        var json = table.Write(entity);
        return json.Length <= MaxJson
            ? new Row(key, entity, json, indexKeys)
            : throw new ArgumentException($"An entity of the table {table.Name} is {json.Length} bytes long, more than {MaxJson}.");
    }

    /// <summary>The row of an entity that is gone.</summary>
    public static Row Deleted(ITable table, string key) => new(key, null, [], new string?[table.IndexNames.Count]);
}
