using System.Collections.Concurrent;

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
    /// <exception cref="StoreOpenException">The directory or the file cannot be used.</exception>
    public LiteDbStore(
        string directory,
        IReadOnlyList<ITable> tables,
        IReadOnlyList<Migration> migrations,
        IReadOnlyList<IStoreObserver> observers,
        TimeProvider clock,
        LiteDbOptions options,
        ILogger<LiteDbStore> logger,
        Func<ITransaction, ValueTask>? afterReopen = null)
        : this(new DirectoryDisk(directory), directory, tables, migrations, observers, clock, options, logger, afterReopen)
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
        bool barrier = true)
    {
        _options = options;
        _batches = new Batches(new LiteDbOpener(disk, directory, tables, migrations, barrier), observers, clock, logger, afterReopen);
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
        }
        catch (StoreOpenException e)
        {
            _opened.SetException(e);
            return;
        }
        _opened.SetResult();
        foreach (var work in _queue.GetConsumingEnumerable())
            _batches.Run(work, Next);
        _batches.Close();
        _closed.SetResult();
    }

    private Work? Next(Batch batch) => batch.Count < _options.MaxBatch && _queue.TryTake(out var work) ? work : null;
}
