using System.Text.Json.Serialization;
using Charging.Server.Storage;

namespace Charging.Server.Tests.Storage;

/// <summary>What the store's tests keep: a counter, and a thing with an owner and perhaps a due time.</summary>
internal sealed record Counter(string Name, long Value);

internal sealed record Thing(string Id, string Owner, string? Due = null, string Note = "");

[JsonSerializable(typeof(Counter))]
[JsonSerializable(typeof(Thing))]
internal sealed partial class TestJson : JsonSerializerContext;

internal static class Tables
{
    public static readonly Table<Counter> Counters = new("counters", TestJson.Default.Counter, c => c.Name);
    public static readonly Table<Counter> Residents = new("residents", TestJson.Default.Counter, c => c.Name, isResident: true);
    public static readonly Table<Thing> Things = new("things", TestJson.Default.Thing, t => t.Id);
    public static readonly Index<Thing> ByOwner = Things.Index("owner", t => t.Owner);
    public static readonly Index<Thing> ByDue = Things.Index("due", t => t.Due);

    public static readonly IReadOnlyList<ITable> All = [Counters, Residents, Things];
}

/// <summary>The store's verbs, as the tests use them.</summary>
internal static class StoreVerbs
{
    public static Task PutAsync(this IStore store, params Thing[] things) => store.RunAsync(t =>
    {
        foreach (var thing in things)
            t.Put(Tables.Things, thing);
        return ValueTask.FromResult(true);
    });

    public static Task DeleteAsync(this IStore store, string id) => store.RunAsync(t =>
    {
        t.Delete(Tables.Things, id);
        return ValueTask.FromResult(true);
    });

    public static Task<Thing?> GetAsync(this IStore store, string id) => store.RunAsync(t => t.GetAsync(Tables.Things, id));

    public static async Task<string> IdsAsync(this IStore store, Index<Thing> index, KeyRange range, int limit = 200) =>
        string.Join(' ', (await store.RunAsync(t => t.ListAsync(index, range, limit))).Select(t => t.Id));

    public static Task<long> IncrementAsync(this IStore store, string name) => store.RunAsync(async t =>
    {
        var next = new Counter(name, (await t.GetAsync(Tables.Counters, name))?.Value + 1 ?? 1);
        t.Put(Tables.Counters, next);
        return next.Value;
    });
}
