using Charging.Server.Storage;
using Charging.Server.Storage.PostgreSql;
using Charging.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>A database of another version.</summary>
public sealed class PostgreSqlMigrationTests : MigrationTests
{
    private string _database = "";

    private protected override string Setting => "Charging:Store:ConnectionString";

    public override async ValueTask InitializeAsync() => _database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();

    private protected override async Task<IStore> OpenAsync(ITable table, params Migration[] migrations) => await PostgreSqlStore.OpenAsync(
        new PostgreSqlOptions { ConnectionString = _database }, [table], migrations, [], [], TimeProvider.System, NullLogger<PostgreSqlStore>.Instance);

    [Fact]
    public async Task Nodes_that_start_at_once_migrate_once()
    {
        var counted = 0;
        var count = new Migration(1, "things", document =>
        {
            Interlocked.Increment(ref counted);
            return document;
        });
        var table = new Table<New>("things", Json.Default.New, thing => thing.Id);
        await using (var store = (PostgreSqlStore)await OpenAsync(table))
        {
            await store.RunAsync(t =>
            {
                t.Put(table, new New("a", "hall"));
                return ValueTask.FromResult(true);
            });
        }

        var nodes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => OpenAsync(table, count))));

        Assert.Equal(1, counted);
        foreach (var node in nodes)
            await ((IAsyncDisposable)node).DisposeAsync();
    }
}
