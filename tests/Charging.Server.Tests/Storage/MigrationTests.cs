using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>A file of an older program under a newer one, and the other way round.</summary>
public sealed partial class MigrationTests : IDisposable
{
    private static readonly Table<Old> OldThings = new("things", Json.Default.Old, t => t.Id);
    private static readonly Migration AddPlace = new(1, "things", document =>
    {
        document["Place"] = "hall " + document["Name"];
        document.Remove("Name");
        return document;
    });

    private static readonly Migration DropGarage = new(2, "things", document => (string?)document["Place"] == "hall garage" ? null : document);

    private readonly ModelledDisk _disk = new(new Random(1), TimeSpan.Zero);

    public void Dispose() => _disk.Dispose();

    [Fact]
    public async Task Rewrites_the_rows_of_an_older_file_once_and_indexes_them()
    {
        await FillOldAsync();

        for (var opening = 0; opening < 2; opening++)
        {
            var (table, byPlace) = NewTable();
            await using var store = Open(table, AddPlace, DropGarage);
            var listed = await store.RunAsync(t => t.ListAsync(byPlace, KeyRange.Prefix("hall"), 200));
            Assert.Equal(200, listed.Count);
            Assert.Equal(new New("000", "hall 0"), listed[0]);
            Assert.Null(await store.RunAsync(t => t.GetAsync(table, "garage")));
            Assert.NotNull(await store.RunAsync(t => t.GetAsync(table, "299")));
        }
    }

    [Fact]
    public async Task Leaves_the_file_as_it_was_when_a_step_fails()
    {
        await FillOldAsync();
        var (table, _) = NewTable();
        Assert.Throws<StoreOpenException>(() => Open(table, AddPlace, new Migration(2, "things", _ => throw new FormatException())));

        await using var old = Open(OldThings);
        Assert.Equal(new Old("000", "0"), await old.RunAsync(t => t.GetAsync(OldThings, "000")));
    }

    [Fact]
    public async Task Refuses_a_file_that_is_newer_than_the_program()
    {
        var (table, _) = NewTable();
        await Open(table, AddPlace, DropGarage).DisposeAsync();

        var refusal = Assert.Throws<StoreOpenException>(() => Open(NewTable().Table, AddPlace));

        Assert.Contains("Charging:DataDirectory", refusal.Message);
        Assert.Contains("version 2", refusal.Message);
    }

    private async Task FillOldAsync()
    {
        await using var store = Open(OldThings);
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

    private LiteDbStore Open(ITable table, params Migration[] migrations) =>
        new(_disk, "modelled", [table], migrations, [], TimeProvider.System, new LiteDbOptions(), NullLogger.Instance);

    internal sealed record Old(string Id, string Name);

    internal sealed record New(string Id, string Place);

    [JsonSerializable(typeof(Old))]
    [JsonSerializable(typeof(New))]
    internal sealed partial class Json : JsonSerializerContext;
}
