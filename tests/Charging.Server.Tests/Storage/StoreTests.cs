using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Charging.Server.Storage;
using Charging.Server.Telemetry;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>What every engine of the store must do.</summary>
public abstract class StoreTests : IAsyncLifetime
{
    private protected static readonly KeyRange Everything = new("", KeyRange.End);

    private protected IStore Store { get; private set; } = null!;

    private protected Recorder Observer { get; } = new();

    /// <summary>The clock of the store.</summary>
    private protected PassingClock Clock { get; } = new();

    /// <summary>Opens the store of this test; the second time, what the first has left.</summary>
    private protected abstract Task<IStore> OpenAsync(IStoreObserver observer);

    private protected abstract Task CloseAsync();

    public async ValueTask InitializeAsync() => Store = await OpenAsync(Observer);

    public virtual async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Finds_what_was_put_and_nothing_else()
    {
        await Store.PutAsync(new Thing("a", "ann", Note: "快充 🚗"));

        Assert.Equal(new Thing("a", "ann", Note: "快充 🚗"), await Store.GetAsync("a"));
        Assert.Null(await Store.GetAsync("A"));
        Assert.Null(await Store.GetAsync(""));
        Assert.Null(await Store.GetAsync("\u0001" + new string('x', 5000)));
    }

    [Fact]
    public async Task Keeps_what_it_has_over_a_restart()
    {
        await Store.PutAsync(new Thing("a", "ann", "2026"), new Thing("b", "bob"));
        await Store.PutAsync(new Thing("a", "ann", "2027"));
        await Store.DeleteAsync("b");
        await ReopenAsync();

        Assert.Equal(new Thing("a", "ann", "2027"), await Store.GetAsync("a"));
        Assert.Null(await Store.GetAsync("b"));
        Assert.Equal("a", await Store.IdsAsync(Tables.ByDue, Everything));
    }

    [Fact]
    public async Task Lists_a_table_by_its_keys_with_the_writes_of_the_operation_itself()
    {
        await Store.PutAsync(new Thing("a", "ann"), new Thing("c", "bob"), new Thing("d", "bob"), new Thing("e", "bob"));

        var listed = await Store.RunAsync(async t =>
        {
            t.Put(Tables.Things, new Thing("b", "new"));
            t.Delete(Tables.Things, "c");
            var up = await t.ListAsync(Tables.Things.ByKey, new KeyRange("a", "d"), 10);
            var down = await t.ListAsync(Tables.Things.ByKey, new KeyRange("", KeyRange.End, Descending: true), 2);
            return string.Concat(up.Concat(down).Select(thing => thing.Id));
        });

        Assert.Equal("abded", listed);
    }

    [Fact]
    public async Task Knows_all_of_a_resident_table_after_a_restart()
    {
        await Store.RunAsync(t =>
        {
            foreach (var name in Enumerable.Range(0, 450).Select(n => $"{n:D3}"))
                t.Put(Tables.Residents, new Counter(name, 1));
            t.Delete(Tables.Residents, "007");
            return ValueTask.FromResult(true);
        });
        await ReopenAsync();

        var (here, gone, never) = await Store.RunAsync(async t => (
            await t.GetAsync(Tables.Residents, "449"), await t.GetAsync(Tables.Residents, "007"), await t.GetAsync(Tables.Residents, "450")));

        Assert.Equal(new Counter("449", 1), here);
        Assert.Null(gone ?? never);
    }

    [Fact]
    public async Task Sees_its_own_writes_by_key_and_by_index()
    {
        await Store.PutAsync(new Thing("a", "ann"), new Thing("b", "bob"), new Thing("c", "bob"));

        var (gone, moved, left, joined) = await Store.RunAsync(async t =>
        {
            t.Delete(Tables.Things, "c");
            t.Put(Tables.Things, new Thing("a", "bob"));
            t.Put(Tables.Things, new Thing("0", "bob"));
            return (
                await t.GetAsync(Tables.Things, "c"),
                await t.GetAsync(Tables.Things, "a"),
                await t.ListAsync(Tables.ByOwner, KeyRange.Exactly("ann"), 10),
                await t.ListAsync(Tables.ByOwner, KeyRange.Exactly("bob"), 10));
        });

        Assert.Null(gone);
        Assert.Equal("bob", moved!.Owner);
        Assert.Empty(left);
        Assert.Equal(["0", "a", "b"], joined.Select(t => t.Id));
        Assert.Equal("0 a b", await Store.IdsAsync(Tables.ByOwner, Everything));
    }

    [Fact]
    public async Task Finds_what_it_foresaw_and_its_own_writes_over_that()
    {
        await Store.PutAsync(new Thing("a", "ann"), new Thing("b", "bob"));

        var found = await Store.RunAsync(async t =>
        {
            await t.ForeseeAsync((Tables.Things, "a"), (Tables.Things, "b"), (Tables.Things, "none"), (Tables.Counters, "a"), (Tables.Things, ""));
            t.Put(Tables.Things, new Thing("b", "new"));
            await t.ForeseeAsync((Tables.Things, "b"), (Tables.Things, "b"));
            return (await t.GetAsync(Tables.Things, "a"), await t.GetAsync(Tables.Things, "b"), await t.GetAsync(Tables.Things, "none"), await t.GetAsync(Tables.Counters, "a"));
        });

        Assert.Equal((new Thing("a", "ann"), new Thing("b", "new"), null, null), found);
    }

    [Fact]
    public async Task Lists_in_the_order_of_the_index_with_the_key_breaking_ties()
    {
        await Store.PutAsync(
            new Thing("3", "b"), new Thing("1", "b"), new Thing("4", "a"), new Thing("2", "ab"), new Thing("9", "B"), new Thing("5", "é"));

        Assert.Equal("9 4 2 1 3 5", await Store.IdsAsync(Tables.ByOwner, Everything));
        Assert.Equal("5 3 1 2 4 9", await Store.IdsAsync(Tables.ByOwner, Everything with { Descending = true }));
        Assert.Equal("4 2", await Store.IdsAsync(Tables.ByOwner, KeyRange.Prefix("a")));
        Assert.Equal("4", await Store.IdsAsync(Tables.ByOwner, KeyRange.Exactly("a")));
        Assert.Equal("2 1 3", await Store.IdsAsync(Tables.ByOwner, new KeyRange("ab", "b")));
        Assert.Equal("3 1", await Store.IdsAsync(Tables.ByOwner, new KeyRange("ab", "b", Descending: true), limit: 2));
        Assert.Equal("", await Store.IdsAsync(Tables.ByOwner, new KeyRange("c", "b")));
    }

    [Fact]
    public async Task Leaves_out_of_an_index_what_has_no_key_for_it()
    {
        await Store.PutAsync(new Thing("a", "ann"), new Thing("b", "ann", "1"), new Thing("c", "ann", "2"));
        Assert.Equal("b c", await Store.IdsAsync(Tables.ByDue, Everything));

        await Store.PutAsync(new Thing("b", "ann"), new Thing("a", "ann", "3"));
        Assert.Equal("c a", await Store.IdsAsync(Tables.ByDue, Everything));
    }

    [Fact]
    public async Task Merges_an_operations_writes_into_what_is_stored_in_either_direction()
    {
        await Store.PutAsync([.. Enumerable.Range(0, 100).Select(i => new Thing($"{i * 2:000}", "ann", $"{i * 2:000}"))]);

        var (up, down) = await Store.RunAsync(async t =>
        {
            for (var i = 0; i < 50; i++)
            {
                t.Put(Tables.Things, new Thing($"{i * 2 + 1:000}", "ann", $"{i * 2 + 1:000}"));
                t.Delete(Tables.Things, $"{i * 4:000}");
            }
            return (await t.ListAsync(Tables.ByDue, Everything, 5), await t.ListAsync(Tables.ByDue, new("", "100", Descending: true), 5));
        });

        Assert.Equal("001 002 003 005 006", string.Join(' ', up.Select(t => t.Id)));
        Assert.Equal("099 098 097 095 094", string.Join(' ', down.Select(t => t.Id)));
    }

    [Fact]
    public async Task Leaves_nothing_of_an_operation_that_fails_and_keeps_the_others()
    {
        var tasks = Enumerable.Range(0, 100).Select(i => Store.RunAsync(async t =>
        {
            t.Put(Tables.Things, new Thing($"{i:00}", "ann"));
            t.Put(Tables.Counters, new Counter("c", (await t.GetAsync(Tables.Counters, "c"))?.Value + 1 ?? 1));
            if (i % 2 == 1)
                throw new FormatException($"{i}");
            return i;
        })).ToList();
        await Task.WhenAll(tasks.Select(t => ((Task)t).ContinueWith(_ => { }, TaskScheduler.Default)));

        Assert.All(tasks.Where((_, i) => i % 2 == 1), t => Assert.IsType<FormatException>(t.Exception!.InnerException));
        Assert.All(tasks.Where((_, i) => i % 2 == 0), t => Assert.True(t.IsCompletedSuccessfully));
        Assert.Equal(50, (await Store.RunAsync(t => t.GetAsync(Tables.Counters, "c")))!.Value);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{i * 2:00}"), (await Store.IdsAsync(Tables.ByOwner, Everything)).Split(' '));
    }

    [Fact]
    public async Task Loses_none_of_a_thousand_increments_at_once()
    {
        var values = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => Task.Run(() => Store.IncrementAsync("c"))));

        Assert.Equal(Enumerable.Range(1, 1000).Select(i => (long)i), values.Order());
    }

    [Fact]
    public async Task Tells_its_observers_in_order_and_before_it_answers()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(async () =>
        {
            var value = await Store.IncrementAsync("c");
            Assert.Contains(Observer.Changes, c => ((Counter)c.Entity!).Value == value);
        })));

        Assert.Equal(Enumerable.Range(1, 200).Select(i => (long)i), Observer.Changes.Select(c => ((Counter)c.Entity!).Value));
    }

    [Fact]
    public async Task Tells_its_observers_what_an_operation_left_and_nothing_of_one_that_failed()
    {
        await Store.RunAsync(t =>
        {
            t.Put(Tables.Things, new Thing("a", "ann"));
            t.Put(Tables.Things, new Thing("a", "bob"));
            t.Put(Tables.Things, new Thing("b", "bob"));
            return ValueTask.FromResult(true);
        });
        await Assert.ThrowsAsync<FormatException>(() => Store.RunAsync<bool>(t =>
        {
            t.Put(Tables.Things, new Thing("c", "ann"));
            throw new FormatException();
        }));
        await Store.DeleteAsync("a");

        Assert.Equal(["a bob", "b bob", "a "], Observer.Changes.Select(c => $"{c.Key} {((Thing?)c.Entity)?.Owner}"));
    }

    [Fact]
    public async Task Never_gives_a_number_twice_not_even_over_a_restart()
    {
        var numbers = new ConcurrentBag<long>();
        for (var round = 0; round < 3; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 700).Select(i => Task.Run(async () =>
            {
                var operation = Store.RunAsync(async t =>
                {
                    numbers.Add(await t.NextNumberAsync("orders"));
                    return i % 10 == 0 ? throw new FormatException() : true;
                });
                if (i % 10 == 0)
                    await Assert.ThrowsAsync<FormatException>(() => operation);
                else
                    await operation;
            })));
            await ReopenAsync();
        }

        Assert.Equal(2100, numbers.Distinct().Count());
        Assert.Equal(1, numbers.Min());
        Assert.Equal(1, await Store.RunAsync(t => t.NextNumberAsync("cards")));
    }

    [Fact]
    public async Task Numbers_go_on_after_one_that_they_are_raised_to_and_never_back()
    {
        Assert.Equal(1, await Store.RunAsync(t => t.NextNumberAsync("orders")));
        await RaiseAsync(5_000);
        Assert.Equal(5_001, await Store.RunAsync(t => t.NextNumberAsync("orders")));
        await RaiseAsync(7);
        Assert.InRange(await Store.RunAsync(t => t.NextNumberAsync("orders")), 5_002, 5_010);
        await RaiseAsync(90_000);
        await ReopenAsync();
        Assert.InRange(await Store.RunAsync(t => t.NextNumberAsync("orders")), 90_001, 95_000);

        Task RaiseAsync(long given) => Store.RunAsync(async t =>
        {
            await t.RaiseNumberAsync("orders", given);
            return true;
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\u0001b")]
    [InlineData("a\nb")]
    [InlineData("\uffff")]
    [InlineData("half a character")]
    [InlineData("101 characters")]
    public async Task Refuses_a_key_that_an_engine_may_not_take_and_nothing_but_that_operation(string key)
    {
        // An attribute cannot hold half a surrogate pair.
        var bad = key switch { "half a character" => "\ud800", "101 characters" => new string('k', 101), _ => key };
        var refused = Store.PutAsync(new Thing("a", "ann"), new Thing(bad, "ann"));
        var taken = Store.PutAsync(new Thing("b", "ann"));

        await Assert.ThrowsAsync<ArgumentException>(() => refused);
        await taken;
        Assert.Equal("b", await Store.IdsAsync(Tables.ByOwner, Everything));
    }

    [Fact]
    public async Task Refuses_a_table_that_it_does_not_know_and_nothing_but_that_operation()
    {
        var unknown = new Table<Thing>("unknown", TestJson.Default.Thing, t => t.Id);
        var refused = Store.RunAsync(t =>
        {
            t.Put(unknown, new Thing("a", "ann"));
            return ValueTask.FromResult(true);
        });
        var taken = Store.PutAsync(new Thing("b", "ann"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => refused);
        await taken;
    }

    [Fact]
    public async Task Takes_the_longest_keys_there_may_be()
    {
        var thing = new Thing(new string('\u4e2d', 100), new string('\u6587', 200), new string('z', 200));
        await Store.PutAsync(thing);
        await ReopenAsync();

        Assert.Equal(thing.Id, await Store.IdsAsync(Tables.ByOwner, KeyRange.Exactly(thing.Owner)));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(thing with { Owner = thing.Owner + "x" }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(201)]
    public async Task Refuses_to_list_more_than_two_hundred_or_nothing(int limit) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Store.IdsAsync(Tables.ByOwner, Everything, limit));

    [Fact]
    public async Task Counts_under_its_name_an_operation_that_takes_more_than_fifty_milliseconds()
    {
        var slow = 0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, mine) =>
        {
            if (instrument == ServerMeter.SlowOperations)
                mine.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
            slow += tags[0] is { Key: "operation", Value: $"{nameof(StoreTests)}.{nameof(Counts_under_its_name_an_operation_that_takes_more_than_fifty_milliseconds)}" } ? (int)count : 0);
        listener.Start();

        for (var milliseconds = 0; milliseconds <= 60; milliseconds += 20)
        {
            await Store.RunAsync(async t =>
            {
                await t.GetAsync(Tables.Things, "a");
                Clock.Pass(TimeSpan.FromMilliseconds(milliseconds));
                return true;
            });
        }

        Assert.Equal(1, slow);
    }

    private protected async Task ReopenAsync()
    {
        await CloseAsync();
        Store = await OpenAsync(Observer);
    }

    /// <summary>The machine's clock, whose monotonic time stands still while nobody lets it pass.</summary>
    private protected sealed class PassingClock : TimeProvider
    {
        private long _passed;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _passed);

        public void Pass(TimeSpan time) => Interlocked.Add(ref _passed, time.Ticks);
    }

    private protected sealed class Recorder : IStoreObserver
    {
        private readonly ConcurrentQueue<Change> _changes = [];

        public IReadOnlyCollection<Change> Changes => _changes;

        public void Committed(IReadOnlyList<Change> changes)
        {
            foreach (var change in changes)
                _changes.Enqueue(change);
        }
    }
}
