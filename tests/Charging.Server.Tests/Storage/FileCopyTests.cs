using System.Globalization;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>A copy that is taken while the store is written is the store as it was at one moment.</summary>
public sealed class FileCopyTests : IDisposable
{
    private readonly ModelledDisk _disk = new(new Random(1), TimeSpan.Zero);

    public void Dispose() => _disk.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task A_copy_under_load_holds_every_operation_up_to_one_and_nothing_of_those_after_it(int pagesAtOnce)
    {
        var copied = new MemoryStream();
        long begun, ended;
        await using (var store = Open(_disk))
        {
            for (var i = 0; i < 20; i++)
                await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => StepAsync(store)));
            using var stop = new CancellationTokenSource();
            var load = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => LoadAsync(store, stop.Token)));
            begun = await CountAsync(store);
            using (var copy = await store.CopyAsync(CancellationToken.None))
            {
                var buffer = new byte[pagesAtOnce * 8192];
                while (copy.Read(buffer) is > 0 and var read)
                {
                    copied.Write(buffer, 0, read);
                    // The copy is slower than the store: what it still has to read is written over and over.
                    await StepAsync(store);
                }
            }
            ended = await CountAsync(store);
            await stop.CancelAsync();
            await load;
        }

        using var other = new ModelledDisk(new Random(1), TimeSpan.Zero);
        other.Open(LiteDbOpener.DataName).Dispose();
        other.Overwrite(LiteDbOpener.DataName, copied.ToArray());
        await using var restored = Open(other);
        var count = await CountAsync(restored);
        Assert.InRange(count, begun, ended);
        Assert.True(ended - begun > 20, "There was no load beside the copy.");
        Assert.Equal(Enumerable.Range(1, (int)count).Select(Name), (await restored.ScanAsync(Tables.Things.ByKey).ToListAsync()).Select(thing => thing.Id));
        Assert.All(await restored.ScanAsync(Tables.ByOwner).ToListAsync(), thing => Assert.Equal(thing.Id, thing.Owner));
        // What was written over last says of which moment each page is.
        Assert.Equal(Name((int)count), (await restored.GetAsync("00000001"))!.Note);
        Assert.Equal(count + 1, await StepAsync(restored));
    }

    [Fact]
    public async Task A_copy_fails_when_the_disk_does_and_the_store_goes_on()
    {
        await using var store = Open(_disk);
        await StepAsync(store);
        using var copy = await store.CopyAsync(CancellationToken.None);
        _disk.FailFlushAfter(1);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => StepAsync(store));

        Assert.Throws<IOException>(() => copy.Read(new byte[8192]));
        await StepAsync(store);
        using var next = await store.CopyAsync(CancellationToken.None);
        Assert.Equal(8192, next.Read(new byte[8192]));
    }

    [Fact]
    public async Task No_copy_is_begun_on_a_store_that_is_closed_or_for_a_caller_that_has_gone()
    {
        var store = Open(_disk);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.CopyAsync(new CancellationToken(true)));
        await store.DisposeAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CopyAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_restored_store_leaps_over_numbers_that_may_have_been_given_after_the_backup()
    {
        await using (var store = Open(_disk))
            Assert.Equal(1, await NumberAsync(store));
        _disk.Overwrite(LiteDbOpener.LogName, [.. "RESTORED"u8]);
        long first;
        await using (var store = Open(_disk))
            first = await NumberAsync(store);
        Assert.True(first > 1_000_000, $"The next number was {first}.");
        // Once.
        await using (var store = Open(_disk))
            Assert.InRange(await NumberAsync(store), first + 1, first + 1000);
    }

    /// <summary>One operation: the next thing, and the newest number in the first thing.</summary>
    private static Task<long> StepAsync(LiteDbStore store) => store.RunAsync(async t =>
    {
        var next = new Counter("steps", (await t.GetAsync(Tables.Counters, "steps"))?.Value + 1 ?? 1);
        var name = Name((int)next.Value);
        t.Put(Tables.Counters, next);
        t.Put(Tables.Things, new Thing(name, name, Note: next.Value == 1 ? name : new string('n', 400)));
        if (next.Value > 1)
            t.Put(Tables.Things, (await t.GetAsync(Tables.Things, Name(1)))! with { Note = name });
        return next.Value;
    });

    private static async Task LoadAsync(LiteDbStore store, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
            await StepAsync(store);
    }

    private static Task<long> CountAsync(LiteDbStore store) => store.RunAsync(async t => (await t.GetAsync(Tables.Counters, "steps"))?.Value ?? 0);

    private static Task<long> NumberAsync(LiteDbStore store) => store.RunAsync(t => t.NextNumberAsync("orders"));

    private static string Name(int number) => number.ToString("D8", CultureInfo.InvariantCulture);

    private static LiteDbStore Open(ModelledDisk disk) =>
        new(disk, "modelled", Tables.All, [], [], TimeProvider.System, new LiteDbOptions(), NullLogger.Instance);
}
