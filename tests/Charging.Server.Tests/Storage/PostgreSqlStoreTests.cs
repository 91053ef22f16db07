using Charging.Server.Storage;
using Charging.Server.Storage.PostgreSql;
using Charging.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>The store on a PostgreSQL of its own database.</summary>
public sealed class PostgreSqlStoreTests : StoreTests
{
    private string _database = "";
    private PostgreSqlStore? _store;

    private protected override async Task<IStore> OpenAsync(IStoreObserver observer)
    {
        if (_database.Length == 0)
            _database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        return _store = await OpenAsync(_database, [observer], clock: Clock);
    }

    private protected override async Task CloseAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();
    }

    [Fact]
    public async Task Lists_by_utf16_as_the_other_engine_does_whatever_the_characters()
    {
        string[] ids = ["a", "a\u007e", "a中", "a\ud7ff", "a🚗", "a\U0010FFFF", "a\U0010FFFFb", "a\ue000", "a！", "a\ufffd", "b"];
        await Store.PutAsync([.. ids.Reverse().Select(id => new Thing(id, id))]);

        Assert.Equal(string.Join(' ', ids.Order(StringComparer.Ordinal)), await Store.IdsAsync(Tables.ByOwner, Everything));
        Assert.Equal(string.Join(' ', ids.Order(StringComparer.Ordinal)), await Store.IdsAsync(Tables.Things.ByKey, Everything));
        Assert.Equal(string.Join(' ', ids.Order(StringComparer.Ordinal).SkipLast(1)), await Store.IdsAsync(Tables.ByOwner, KeyRange.Prefix("a")));
        Assert.Equal("a🚗", await Store.IdsAsync(Tables.ByOwner, KeyRange.Exactly("a🚗")));
        Assert.All(ids, id => Assert.Equal(id, SqlText.Read(SqlText.Write(id))));
    }

    [Fact]
    public async Task Operations_that_foresee_the_same_row_are_not_in_each_others_way()
    {
        const int count = 200;
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Run(() => Store.RunAsync(async t =>
        {
            await t.ForeseeAsync((Tables.Counters, "c"), (Tables.Things, $"{i}"));
            var value = await t.GetAsync(Tables.Counters, "c");
            await t.GetAsync(Tables.Things, "other");
            t.Put(Tables.Counters, new Counter("c", (value?.Value ?? 0) + 1));
            t.Put(Tables.Things, new Thing($"{i}", "ann"));
            return true;
        }))));

        Assert.Equal(count + 1, await Store.IncrementAsync("c"));
        Assert.Equal(0, _store!.Conflicts);
    }

    internal static Task<PostgreSqlStore> OpenAsync(
        string database, IReadOnlyList<IStoreObserver> observers, IReadOnlyList<FollowedTable>? followed = null, TimeProvider? clock = null,
        ILogger<PostgreSqlStore>? logger = null) =>
        PostgreSqlStore.OpenAsync(
            new PostgreSqlOptions { ConnectionString = database }, Tables.All, [], followed ?? [], observers,
            clock ?? TimeProvider.System, logger ?? NullLogger<PostgreSqlStore>.Instance);
}
