using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Reliability.Crash;

/// <summary>The server with a planted bug, as a process of its own. The bugs lie around the store, so the product has no switch for them.</summary>
internal static class PlantedServer
{
    public static async Task<int> RunAsync(Plant plant, string[] args)
    {
        await using var app = Program.Build(args, builder => builder.Services.AddSingleton<IStore>(services =>
        {
            var store = services.GetRequiredService<LiteDbStore>();
            return plant == Plant.EarlyAnswer ? new EarlyAnswerStore(store) : new TornLedgerStore(store);
        }));
        await app.RunAsync();
        return 0;
    }

    /// <summary>Answers when the operation has run, and not when it is on disk.</summary>
    private sealed class EarlyAnswerStore(IStore store) : IStore
    {
        public Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default)
        {
            var answer = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
            var durable = store.RunAsync(
                async tx =>
                {
                    var result = await operation(tx);
                    answer.TrySetResult(result);
                    return result;
                },
                cancellationToken);
            durable.ContinueWith(
                late => late.IsCanceled ? answer.TrySetCanceled(cancellationToken) : answer.TrySetException(late.Exception!.InnerExceptions),
                TaskContinuationOptions.NotOnRanToCompletion);
            return answer.Task;
        }
    }

    /// <summary>Writes what goes into the ledger in a second transaction.</summary>
    private sealed class TornLedgerStore(IStore store) : IStore
    {
        public async Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default)
        {
            List<LedgerEntry> entries = [];
            var result = await store.RunAsync(
                tx =>
                {
                    entries.Clear();
                    return operation(new WithoutLedger(tx, entries));
                },
                cancellationToken);
            if (entries.Count > 0)
            {
                await store.RunAsync(
                    tx =>
                    {
                        entries.ForEach(entry => tx.Put(Ledger.Entries, entry));
                        return ValueTask.FromResult(true);
                    },
                    CancellationToken.None);
            }
            return result;
        }
    }

    private sealed class WithoutLedger(ITransaction tx, List<LedgerEntry> entries) : ITransaction
    {
        public DateTimeOffset Now => tx.Now;

        public ValueTask<T?> GetAsync<T>(Table<T> table, string key)
            where T : class => tx.GetAsync(table, key);

        public ValueTask<IReadOnlyList<T>> ListAsync<T>(Index<T> index, KeyRange range, int limit)
            where T : class => tx.ListAsync(index, range, limit);

        public void Put<T>(Table<T> table, T entity)
            where T : class
        {
            if (entity is LedgerEntry entry)
                entries.Add(entry);
            else
                tx.Put(table, entity);
        }

        public void Delete<T>(Table<T> table, string key)
            where T : class => tx.Delete(table, key);

        public ValueTask<long> NextNumberAsync(string sequence) => tx.NextNumberAsync(sequence);

        public ValueTask RaiseNumberAsync(string sequence, long given) => tx.RaiseNumberAsync(sequence, given);
    }
}
