using Charging.Server.Storage;
using Charging.Server.Storage.PostgreSql;
using Charging.Testing;
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
        return _store = await OpenAsync(_database, [observer]);
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

    internal static Task<PostgreSqlStore> OpenAsync(
        string database, IReadOnlyList<IStoreObserver> observers, IReadOnlyList<FollowedTable>? followed = null, TimeProvider? clock = null) =>
        PostgreSqlStore.OpenAsync(
            new PostgreSqlOptions { ConnectionString = database }, Tables.All, [], followed ?? [], observers,
            clock ?? TimeProvider.System, NullLogger<PostgreSqlStore>.Instance);
}
