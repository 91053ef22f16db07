using System.Collections.Concurrent;
using System.Diagnostics;
using Charging.Server.Clock;
using Charging.Server.Telemetry;

namespace Charging.Server.Storage.LiteDb;

/// <summary>
/// The store in a file beside the program. One thread owns the file: it runs the operations that wait, one after the
/// other, commits them together, and answers when the batch is on disk (adr/0001-store.md).
/// </summary>
public sealed class LiteDbStore : IStore, IAsyncDisposable
{
    private readonly LiteDbOptions _options;
    private readonly Batches _batches;
    private readonly BlockingCollection<Work> _queue;
    private readonly ConcurrentQueue<TaskCompletionSource<FileCopy>> _copies = new();
    private readonly TaskCompletionSource _opened = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Opens the store, and makes it when the directory holds none.</summary>
    /// <param name="directory">Where the files lie (Charging:DataDirectory).</param>
    /// <param name="tables">All tables that operations use.</param>
    /// <param name="migrations">All steps of the schema there have ever been.</param>
    /// <param name="observers">Told of each commit.</param>
    /// <param name="clock">The operations' clock.</param>
    /// <param name="options">How to batch.</param>
    /// <param name="logger">For failures of the disk.</param>
    /// <param name="afterReopen">Run each time the file was opened again after a failure, before any other operation.</param>
    /// <param name="clocks">Knows whether the operations' clock was set; null when nobody watches it.</param>
    /// <exception cref="StoreOpenException">The directory or the file cannot be used.</exception>
    public LiteDbStore(
        string directory,
        IReadOnlyList<ITable> tables,
        IReadOnlyList<Migration> migrations,
        IReadOnlyList<IStoreObserver> observers,
        TimeProvider clock,
        LiteDbOptions options,
        ILogger<LiteDbStore> logger,
        Func<ITransaction, ValueTask>? afterReopen = null,
        ClockWatch? clocks = null)
        : this(new DirectoryDisk(directory), directory, tables, migrations, observers, clock, options, logger, afterReopen, clocks)
    {
    }

    /// <summary>The same on any disk, and without the log's barrier, for the tests of power loss.</summary>
    internal LiteDbStore(
        IDisk disk,
        string directory,
        IReadOnlyList<ITable> tables,
        IReadOnlyList<Migration> migrations,
        IReadOnlyList<IStoreObserver> observers,
        TimeProvider clock,
        LiteDbOptions options,
        ILogger logger,
        Func<ITransaction, ValueTask>? afterReopen = null,
        ClockWatch? clocks = null,
        bool barrier = true)
    {
        _options = options;
        _batches = new Batches(new LiteDbOpener(disk, directory, tables, migrations, barrier, clock), observers, clock, logger, afterReopen, clocks);
        _queue = new BlockingCollection<Work>(options.QueueLength);
        new Thread(Run) { Name = "store", IsBackground = true }.Start();
        _opened.Task.GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default)
    {
        var work = new Work<TResult>(operation, cancellationToken);
        try
        {
            if (!_queue.TryAdd(work))
                work.Fail(new StoreUnavailableException($"More than {_options.QueueLength} operations wait for the store."));
        }
        catch (InvalidOperationException)
        {
            work.Fail(new StoreUnavailableException("The store is closed."));
        }
        return work.Task;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> UnknownTables { get; private set; } = [];

    /// <inheritdoc/>
    public DateTimeOffset? RestoredAt { get; private set; }

    /// <summary>Operations that wait.</summary>
    public int Waiting => _queue.Count;

    /// <summary>
    /// Begins a copy of the file as it is between two batches, while the batches go on. One at a time, and it must be disposed.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store is overloaded or closed, or its disk failed.</exception>
    internal async Task<FileCopy> CopyAsync(CancellationToken cancellationToken)
    {
        var wanted = new TaskCompletionSource<FileCopy>(TaskCreationOptions.RunContinuationsAsynchronously);
        _copies.Enqueue(wanted);
        try
        {
            // Nothing to do, so that there is a batch behind which the copy can begin.
            await RunAsync(_ => ValueTask.FromResult(true), cancellationToken);
            return await wanted.Task;
        }
        catch
        {
            // Nobody would read a copy that is begun later.
            if (!wanted.TrySetCanceled(CancellationToken.None) && wanted.Task is { IsCompletedSuccessfully: true, Result: var begun })
                begun.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void StopWaiting()
    {
        while (_queue.TryTake(out var work))
            work.Fail(IStore.Stopping);
    }

    /// <summary>Runs what waits, takes nothing more, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.CompleteAdding();
        await _closed.Task;
    }

    private void Run()
    {
        try
        {
            _batches.Open();
            (UnknownTables, RestoredAt) = (_batches.UnknownTables, _batches.RestoredAt);
        }
        catch (StoreOpenException e)
        {
            _opened.SetException(e);
            return;
        }
        _opened.SetResult();
        foreach (var work in _queue.GetConsumingEnumerable())
        {
            _batches.Run(work, Next);
            BeginCopies();
        }
        _batches.Close();
        BeginCopies();
        _closed.SetResult();
    }

    private void BeginCopies()
    {
        while (_copies.TryDequeue(out var wanted))
        {
            if (wanted.Task.IsCompleted)
                continue;
            if (_batches.BeginCopy() is not { } copy)
                wanted.TrySetException(new StoreUnavailableException("The store is closed."));
            else if (!wanted.TrySetResult(copy))
                copy.Dispose();
        }
    }

    private Work? Next(Batch batch) => batch.Count < _options.MaxBatch && _queue.TryTake(out var work) ? work : null;
}
