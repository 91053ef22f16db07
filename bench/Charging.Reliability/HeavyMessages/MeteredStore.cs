using System.Collections.Concurrent;
using Charging.Server.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Reliability.HeavyMessages;

/// <summary>What an operation asked of the store.</summary>
/// <param name="Name">The operation.</param>
/// <param name="Read">Rows that it looked for by their keys, and rows that it listed.</param>
/// <param name="Written">Rows that it put or deleted, and numbers that it took.</param>
public readonly record struct MeteredOperation(string Name, int Read, int Written);

/// <summary>The server's store, which notes what each operation does, and can be held.</summary>
public sealed class MeteredStore : IStore
{
    private readonly ConcurrentQueue<MeteredOperation> _done = new();
    private readonly ConcurrentDictionary<string, int> _held = new();
    private IStore? _store;
    private (string? Name, TaskCompletionSource Release)? _holding;

    /// <inheritdoc/>
    public bool IsShared => Store.IsShared;

    /// <inheritdoc/>
    public int OtherNodes => Store.OtherNodes;

    /// <inheritdoc/>
    public string? Trouble => Store.Trouble;

    /// <inheritdoc/>
    public bool IsClockWrong => Store.IsClockWrong;

    /// <inheritdoc/>
    public IReadOnlyList<string> UnknownTables => Store.UnknownTables;

    private IStore Store => _store ?? throw new InvalidOperationException("The server is not built yet.");

    /// <summary>Puts it before the server's store.</summary>
    public void Use(WebApplicationBuilder builder)
    {
        var real = builder.Services.Last(service => service.ServiceType == typeof(IStore));
        builder.Services.AddSingleton<IStore>(services =>
        {
            _store = (IStore)real.ImplementationFactory!(services);
            return this;
        });
    }

    /// <summary>Lets operations wait from now on: those of a name, or all.</summary>
    public void Hold(string? name = null) => _holding = (name, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>How many operations of a name wait.</summary>
    public int Held(string name) => _held.GetValueOrDefault(name);

    /// <summary>Runs what waits, or refuses it, and lets nothing wait any more.</summary>
    public void Release(bool refused = false)
    {
        var release = _holding!.Value.Release;
        _holding = null;
        if (refused)
            release.SetException(new StoreUnavailableException("Held, and then refused."));
        else
            release.SetResult();
    }

    /// <summary>What was done since this was asked last.</summary>
    public IReadOnlyList<MeteredOperation> Take()
    {
        var taken = new List<MeteredOperation>();
        while (_done.TryDequeue(out var operation))
            taken.Add(operation);
        return taken;
    }

    /// <inheritdoc/>
    public Task AskAsync(CancellationToken cancellationToken = default) => Store.AskAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default)
    {
        var name = OperationName.Of(operation);
        if (_holding is { } holding && (holding.Name ?? name) == name)
        {
            _held.AddOrUpdate(name, 1, (_, held) => held + 1);
            try
            {
                await holding.Release.Task;
            }
            finally
            {
                _held.AddOrUpdate(name, 0, (_, held) => held - 1);
            }
        }
        var meter = new Meter();
        try
        {
            return await Store.RunAsync(
                tx =>
                {
                    meter = new Meter();
                    return operation(new MeteredTransaction(tx, meter));
                },
                cancellationToken);
        }
        finally
        {
            _done.Enqueue(new MeteredOperation(name, meter.Read, meter.Written));
        }
    }

    private sealed class Meter
    {
        public int Read { get; set; }

        public int Written { get; set; }
    }

    private sealed class MeteredTransaction(ITransaction tx, Meter meter) : ITransaction
    {
        public DateTimeOffset Now => tx.Now;

        public ValueTask ForeseeAsync(params (ITable Table, string Key)[] rows) => tx.ForeseeAsync(rows);

        public ValueTask<T?> GetAsync<T>(Table<T> table, string key)
            where T : class
        {
            meter.Read++;
            return tx.GetAsync(table, key);
        }

        public async ValueTask<IReadOnlyList<T>> ListAsync<T>(Index<T> index, KeyRange range, int limit)
            where T : class
        {
            var listed = await tx.ListAsync(index, range, limit);
            meter.Read += listed.Count + 1;
            return listed;
        }

        public void Put<T>(Table<T> table, T entity)
            where T : class
        {
            meter.Written++;
            tx.Put(table, entity);
        }

        public void Delete<T>(Table<T> table, string key)
            where T : class
        {
            meter.Written++;
            tx.Delete(table, key);
        }

        public ValueTask<long> NextNumberAsync(string sequence)
        {
            meter.Written++;
            return tx.NextNumberAsync(sequence);
        }

        public ValueTask RaiseNumberAsync(string sequence, long given) => tx.RaiseNumberAsync(sequence, given);
    }
}
