using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Charging.Server.Storage;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>What an older program has stored under a newer one, and the other way round.</summary>
public abstract partial class MigrationTests : IAsyncLifetime
{
    private static readonly Table<Old> OldThings = new("things", Json.Default.Old, t => t.Id);
    private static readonly Migration AddPlace = new(1, "things", document =>
    {
        document["Place"] = "hall " + document["Name"];
        document.Remove("Name");
        return document;
    });

    private static readonly Migration DropGarage = new(2, "things", document => (string?)document["Place"] == "hall garage" ? null : document);

    /// <summary>The setting that a refusal names.</summary>
    private protected abstract string Setting { get; }

    /// <summary>Opens what this test has stored so far. The store is closed by disposing it.</summary>
    private protected abstract Task<IStore> OpenAsync(ITable table, params Migration[] migrations);

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Rewrites_the_rows_of_an_older_program_once_and_indexes_them()
    {
        await FillOldAsync();

        for (var opening = 0; opening < 2; opening++)
        {
            var (table, byPlace) = NewTable();
            var store = await OpenAsync(table, AddPlace, DropGarage);
            await using var closing = (IAsyncDisposable)store;
            var listed = await store.RunAsync(t => t.ListAsync(byPlace, KeyRange.Prefix("hall"), 200));
            Assert.Equal(200, listed.Count);
            Assert.Equal(new New("000", "hall 0"), listed[0]);
            Assert.Null(await store.RunAsync(t => t.GetAsync(table, "garage")));
            Assert.NotNull(await store.RunAsync(t => t.GetAsync(table, "299")));
        }
    }

    [Fact]
    public async Task Leaves_everything_as_it_was_when_a_step_fails()
    {
        await FillOldAsync();
        var (table, _) = NewTable();
        await Assert.ThrowsAsync<StoreOpenException>(() => OpenAsync(table, AddPlace, new Migration(2, "things", _ => throw new FormatException())));

        var old = await OpenAsync(OldThings);
        await using var closing = (IAsyncDisposable)old;
        Assert.Equal(new Old("000", "0"), await old.RunAsync(t => t.GetAsync(OldThings, "000")));
    }

    [Fact]
    public async Task Refuses_what_is_newer_than_the_program()
    {
        var (table, _) = NewTable();
        await ((IAsyncDisposable)await OpenAsync(table, AddPlace, DropGarage)).DisposeAsync();

        var refusal = await Assert.ThrowsAsync<StoreOpenException>(() => OpenAsync(NewTable().Table, AddPlace));

        Assert.Contains(Setting, refusal.Message);
        Assert.Contains("version 2", refusal.Message);
    }

    private async Task FillOldAsync()
    {
        var store = await OpenAsync(OldThings);
        await using var closing = (IAsyncDisposable)store;
        await store.RunAsync(t =>
        {
            for (var i = 0; i < 300; i++)
                t.Put(OldThings, new Old($"{i:000}", $"{i}"));
            t.Put(OldThings, new Old("garage", "garage"));
            return ValueTask.FromResult(true);
        });
    }

    private static (Table<New> Table, Index<New> ByPlace) NewTable()
    {
        var table = new Table<New>("things", Json.Default.New, t => t.Id);
        return (table, table.Index("place", t => t.Place));
    }

    internal sealed record Old(string Id, string Name);

    internal sealed record New(string Id, string Place);

    [JsonSerializable(typeof(Old))]
    [JsonSerializable(typeof(New))]
    internal sealed partial class Json : JsonSerializerContext;
}
