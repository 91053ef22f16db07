using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>Days on which the disk is full, fails, or holds something else than it should.</summary>
public sealed class LiteDbFailureTests : IDisposable
{
    private static readonly KeyRange Everything = new("", KeyRange.End);

    private readonly ModelledDisk _disk = new(new Random(1), TimeSpan.Zero);
    private readonly Mirror _mirror = new();

    public void Dispose() => _disk.Dispose();

    [Fact]
    public async Task Says_that_it_is_unavailable_while_the_disk_is_full_and_goes_on_when_it_is_not()
    {
        await using var store = Open();
        _disk.Capacity = 400_000;
        var acknowledged = new List<string>();
        var refused = 0;
        while (refused < 3)
        {
            var id = $"{acknowledged.Count + refused:0000}";
            try
            {
                await store.PutAsync(new Thing(id, "ann", Note: new string('n', 2000)));
                acknowledged.Add(id);
            }
            catch (StoreUnavailableException)
            {
                refused++;
            }
        }
        _disk.Capacity = long.MaxValue;
        await store.PutAsync(new Thing("later", "ann"));

        var kept = (await store.IdsAsync(Tables.ByOwner, Everything)).Split(' ');
        Assert.Empty(acknowledged.Except(kept));
        Assert.Equal(kept, _mirror.Ids);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Leaves_no_doubt_to_its_observers_when_a_flush_fails(int flush)
    {
        await using var store = Open();
        await store.PutAsync(new Thing("a", "ann"));
        _disk.FailFlushAfter(flush);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.PutAsync(new Thing("b", "ann")));

        var afterwards = await store.IdsAsync(Tables.ByOwner, Everything);
        Assert.Equal(afterwards, string.Join(' ', _mirror.Ids));
        await store.PutAsync(new Thing("c", "ann"));
        Assert.Equal(afterwards + " c", await store.IdsAsync(Tables.ByOwner, Everything));
    }

    [Fact]
    public async Task Gives_no_number_twice_when_the_batch_that_raised_the_mark_has_failed()
    {
        var numbers = new List<long>();
        for (var round = 0; round < 3; round++)
        {
            var store = Open();
            _disk.FailFlushAfter(1);
            await Assert.ThrowsAsync<StoreUnavailableException>(() => TakeAsync(store));
            await TakeAsync(store);
            _disk.CutAfter(1);
            await store.DisposeAsync();
            _disk.Reboot();
        }

        Assert.Equal(6, numbers.Distinct().Count());

        Task TakeAsync(LiteDbStore store) => store.RunAsync(async t =>
        {
            numbers.Add(await t.NextNumberAsync("orders"));
            return true;
        });
    }

    [Fact]
    public async Task Checks_what_it_is_told_to_check_before_anything_else_runs_on_the_reopened_file()
    {
        var order = new List<string>();
        await using var store = Open(afterReopen: async t =>
        {
            order.Add("check " + (await t.ListAsync(Tables.ByOwner, Everything, 200)).Count);
            t.Put(Tables.Things, new Thing("checked", "store"));
        });
        await store.PutAsync(new Thing("a", "ann"));
        _disk.FailFlushAfter(1);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.PutAsync(new Thing("b", "ann")));

        Assert.NotNull(await store.GetAsync("checked"));
        Assert.Single(order);
        Assert.Contains("checked", _mirror.Ids);
    }

    [Fact]
    public async Task Stays_closed_while_that_check_fails()
    {
        var healthy = false;
        await using var store = Open(afterReopen: _ => healthy ? ValueTask.CompletedTask : throw new InvalidOperationException("the ledger does not add up"));
        _disk.FailFlushAfter(1);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.PutAsync(new Thing("a", "ann")));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.PutAsync(new Thing("b", "ann")));
        healthy = true;
        await store.PutAsync(new Thing("c", "ann"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    [InlineData(4096)]
    [InlineData(4096 + 8192 + 100)]
    public async Task Ignores_a_log_whose_end_is_missing(int length)
    {
        await CrashBeforeDataAsync();
        var log = _disk.Read(LiteDbOpener.LogName);
        _disk.Overwrite(LiteDbOpener.LogName, log[..length]);

        await using var store = Open();
        Assert.Equal("a", await store.IdsAsync(Tables.ByOwner, Everything));
    }

    [Fact]
    public async Task Finishes_a_whole_log_and_ignores_one_with_a_wrong_byte()
    {
        await CrashBeforeDataAsync();
        var (data, log) = (_disk.Read(LiteDbOpener.DataName), _disk.Read(LiteDbOpener.LogName));
        await using (var store = Open())
            Assert.Equal("a b", await store.IdsAsync(Tables.ByOwner, Everything));

        log[4096 + 8192 + 100] ^= 1;
        _disk.Overwrite(LiteDbOpener.DataName, data);
        _disk.Overwrite(LiteDbOpener.LogName, log);
        await using (var store = Open())
            Assert.Equal("a", await store.IdsAsync(Tables.ByOwner, Everything));
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("text")]
    [InlineData("cut")]
    [InlineData("no header")]
    [InlineData("no pages")]
    public async Task Refuses_a_damaged_file_and_leaves_it_as_it_is(string damage)
    {
        await using (var store = Open())
            await store.PutAsync(new Thing("a", "ann"), new Thing("b", "ann"));
        var whole = _disk.Read(LiteDbOpener.DataName);
        var damaged = damage switch
        {
            "empty" => new byte[whole.Length],
            "text" => [.. "not a store"u8],
            "cut" => whole[..^8192],
            "no header" => [.. new byte[100], .. whole[100..]],
            _ => [.. whole[..8192], .. new byte[whole.Length - 8192]],
        };
        _disk.Overwrite(LiteDbOpener.DataName, damaged);

        var refusal = Assert.Throws<StoreOpenException>(() => Open());

        Assert.Contains("Charging:DataDirectory", refusal.Message);
        Assert.Contains("restore a backup", refusal.Message);
        Assert.Equal(damaged, _disk.Read(LiteDbOpener.DataName));
    }

    private async Task CrashBeforeDataAsync()
    {
        var store = Open();
        await store.PutAsync(new Thing("a", "ann"));
        // Log pages, flush, last page, record, flush; the power goes at the first page of the data file.
        _disk.CutAfter(6);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.PutAsync(new Thing("b", "ann")));
        await store.DisposeAsync();
        _disk.Reboot();
        _mirror.Ids.Clear();
    }

    private LiteDbStore Open(Func<ITransaction, ValueTask>? afterReopen = null) =>
        new(_disk, "modelled", Tables.All, [], [_mirror], TimeProvider.System, new LiteDbOptions(), NullLogger.Instance, afterReopen);

    /// <summary>An index in memory of the things there are.</summary>
    private sealed class Mirror : IStoreObserver
    {
        public SortedSet<string> Ids { get; } = new(StringComparer.Ordinal);

        public void Committed(IReadOnlyList<Change> changes)
        {
            foreach (var change in changes)
                _ = change.Entity is null ? Ids.Remove(change.Key) : Ids.Add(change.Key);
        }
    }
}
