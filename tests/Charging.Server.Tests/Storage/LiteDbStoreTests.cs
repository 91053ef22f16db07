using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Charging.Server.Tests.Storage;

public sealed class LiteDbStoreTests : StoreTests
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("store-");
    private LiteDbStore? _store;

    private string DataFile => Path.Combine(_directory.FullName, "charging.db");

    private string LogFile => Path.Combine(_directory.FullName, "charging.log");

    private protected override Task<IStore> OpenAsync(IStoreObserver observer)
    {
        _store = Open([observer]);
        return Task.FromResult<IStore>(_store);
    }

    private protected override async Task CloseAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Answers_what_waits_before_it_closes_and_nothing_afterwards()
    {
        var waiting = Enumerable.Range(0, 100).Select(_ => Store.IncrementAsync("c")).ToList();
        await CloseAsync();

        Assert.Equal(100, (await Task.WhenAll(waiting)).Max());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Store.IncrementAsync("c"));
    }

    [Fact]
    public async Task Leaves_everything_in_the_data_file_when_it_closes()
    {
        await Store.PutAsync(new Thing("a", "ann"));
        await CloseAsync();

        Assert.Equal(0, new FileInfo(LogFile).Length);
    }

    [Fact]
    public async Task Refuses_an_operation_that_awaits_something_else()
    {
        var never = new TaskCompletionSource<bool>();
        var stuck = Store.RunAsync(async t =>
        {
            t.Put(Tables.Things, new Thing("a", "ann"));
            return await never.Task;
        });

        await Assert.ThrowsAsync<InvalidOperationException>(() => stuck);
        Assert.Null(await Store.GetAsync("a"));
    }

    [Fact]
    public async Task Refuses_a_transaction_that_outlives_its_operation()
    {
        var kept = await Store.RunAsync(ValueTask.FromResult);

        Assert.Throws<InvalidOperationException>(() => kept.Put(Tables.Things, new Thing("a", "ann")));
    }

    [Fact]
    public async Task Refuses_more_operations_than_may_wait()
    {
        await CloseAsync();
        using var running = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        _store = Open([], new LiteDbOptions { QueueLength = 2, MaxBatch = 1 });
        var blocking = _store.RunAsync(_ =>
        {
            running.Set();
            release.Wait(TimeSpan.FromSeconds(30));
            return ValueTask.FromResult(true);
        });
        running.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        var waiting = new[] { _store.IncrementAsync("c"), _store.IncrementAsync("c") };
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _store.IncrementAsync("c"));
        release.Set();
        await blocking;
        Assert.Equal("1 2", string.Join(" ", await Task.WhenAll(waiting)));
    }

    [Fact]
    public async Task Drops_an_operation_that_was_cancelled_while_it_waited()
    {
        using var cancel = new CancellationTokenSource();
        using var release = new ManualResetEventSlim();
        var blocking = Store.RunAsync(_ => ValueTask.FromResult(release.Wait(TimeSpan.FromSeconds(30))));
        var cancelled = Store.RunAsync(
            t =>
            {
                t.Put(Tables.Things, new Thing("a", "ann"));
                return ValueTask.FromResult(true);
            },
            cancel.Token);
        await cancel.CancelAsync();
        release.Set();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await blocking;
        Assert.Null(await Store.GetAsync("a"));
    }

    [Fact]
    public void Refuses_to_open_what_another_has_open()
    {
        var refusal = Assert.Throws<StoreOpenException>(() => Open([]));

        Assert.Contains("Charging:DataDirectory", refusal.Message);
        Assert.Contains("in use by another process", refusal.Message);
    }

    [Fact]
    public void Refuses_a_directory_that_is_not_there()
    {
        var refusal = Assert.Throws<StoreOpenException>(() =>
            new LiteDbStore(Path.Combine(_directory.FullName, "none"), Tables.All, [], [], TimeProvider.System, new LiteDbOptions(), NullLogger<LiteDbStore>.Instance));

        Assert.Contains("cannot be written", refusal.Message);
    }

    private LiteDbStore Open(IReadOnlyList<IStoreObserver> observers, LiteDbOptions? options = null, IReadOnlyList<Migration>? migrations = null) =>
        new(_directory.FullName, Tables.All, migrations ?? [], observers, Clock, options ?? new LiteDbOptions(), NullLogger<LiteDbStore>.Instance);
}
