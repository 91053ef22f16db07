using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Moving;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Charging.Server.Tests.Moving;

/// <summary>An import, below the calls that `MoveTests` make.</summary>
public sealed class StoreImportTests : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("charging-import-");
    private readonly List<LiteDbStore> _stores = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
            await store.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task What_was_left_is_deleted_from_the_first_row_to_the_last_and_never_from_the_beginning_again()
    {
        var left = Open("left");
        await left.RunAsync(tx =>
        {
            for (var id = 1; id <= 450; id++)
                tx.Put(AccountTables.Users, new User { Id = id, Phone = Phone.Parse($"{13_000_000_000 + id}", null), WxName = "", RegisteredAt = tx.Now });
            tx.Put(MoveMark.Table, new MoveMark { State = MoveState.Importing, At = tx.Now });
            return ValueTask.FromResult(true);
        });
        var listed = new ListedStore(left, AccountTables.Users);

        await new StoreImport(listed, new LedgerCheck(left), new LedgerOptions()).RunAsync(NothingAsync(), _ => Task.CompletedTask, CancellationToken.None);

        // Three slices and the end; then it is read again.
        Assert.Equal(listed.From.Take(4).Order(StringComparer.Ordinal), listed.From.Take(4).Distinct());
        Assert.Equal(["", ""], listed.From.Where(from => from.Length == 0));
    }

    /// <summary>The export of a store that has nothing.</summary>
    private async IAsyncEnumerable<ReadOnlyMemory<byte>> NothingAsync()
    {
        await foreach (var (part, _) in new StoreExport(Open("nothing"), TimeProvider.System).ReadAsync(isTrial: false, CancellationToken.None))
            yield return part;
    }

    private LiteDbStore Open(string name)
    {
        var folder = _directory.CreateSubdirectory(name).FullName;
        _stores.Add(new LiteDbStore(folder, Charging.Server.Storage.Tables.All, [], [], TimeProvider.System, new LiteDbOptions(), NullLogger<LiteDbStore>.Instance));
        return _stores[^1];
    }

    /// <summary>A store that notes from where a table is listed.</summary>
    private sealed class ListedStore(IStore store, ITable table) : IStore
    {
        public List<string> From { get; } = [];

        public Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default) =>
            store.RunAsync(tx => operation(new Listed(tx, table, From)), cancellationToken);
    }

    private sealed class Listed(ITransaction tx, ITable table, List<string> from) : ITransaction
    {
        public DateTimeOffset Now => tx.Now;

        public ValueTask<T?> GetAsync<T>(Table<T> of, string key)
            where T : class => tx.GetAsync(of, key);

        public ValueTask<IReadOnlyList<T>> ListAsync<T>(Index<T> index, KeyRange range, int limit)
            where T : class
        {
            if (ReferenceEquals(index.Table, table))
                from.Add(range.From);
            return tx.ListAsync(index, range, limit);
        }

        public void Put<T>(Table<T> into, T entity)
            where T : class => tx.Put(into, entity);

        public void Delete<T>(Table<T> of, string key)
            where T : class => tx.Delete(of, key);

        public ValueTask<long> NextNumberAsync(string sequence) => tx.NextNumberAsync(sequence);

        public ValueTask RaiseNumberAsync(string sequence, long given) => tx.RaiseNumberAsync(sequence, given);
    }
}
