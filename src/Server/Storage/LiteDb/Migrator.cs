namespace Charging.Server.Storage.LiteDb;

/// <summary>Brings the file to the schema of this binary.</summary>
internal static class Migrator
{
    private const int Slice = 200;

    /// <exception cref="InvalidDataException">The file is newer than this binary.</exception>
    public static void Run(LiteDbEngine engine, IReadOnlyList<ITable> tables, IReadOnlyList<Migration> migrations)
    {
        var newest = migrations.Count == 0 ? 0 : migrations.Max(m => m.Version);
        var isNew = engine.IsEmpty;
        var current = isNew ? newest : engine.SchemaVersion;
        if (current > newest)
            throw new InvalidDataException($"its schema is of version {current}, and this program knows no later than {newest}");

        engine.Define(tables);
        var overlay = new Overlay();
        foreach (var steps in migrations.Where(m => m.Version > current).OrderBy(m => m.Version).GroupBy(m => m.Table))
            Rewrite(engine, tables.Single(t => t.Name == steps.Key), [.. steps], overlay);
        engine.Apply(overlay);
        if (isNew || current < newest)
            engine.SchemaVersion = newest;
        engine.Commit();
    }

    private static void Rewrite(LiteDbEngine engine, ITable table, IReadOnlyList<Migration> steps, Overlay overlay)
    {
        var after = "";
        while (engine.Slice(table.Name, after, Slice) is { Count: > 0 } slice)
        {
            foreach (var (key, json) in slice)
                overlay.Rewrite(table, steps, key, json);
            after = slice[^1].Key;
        }
    }
}
