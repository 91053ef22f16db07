using System.Collections.Concurrent;

namespace Charging.Server.Storage.LiteDb;

/// <summary>
/// The store in a file beside the program. One thread owns the file: it runs the operations that wait, one after the
/// other, commits them together, and answers when the batch is on disk (adr/0001-store.md).
/// </summary>
public sealed class LiteDbStore : IStore, IAsyncDisposable
{
    private readonly LiteDbOpener _opener;
    private readonly IReadOnlyList<IStoreObserver> _observers;
    private readonly TimeProvider _clock;
    private readonly LiteDbOptions _options;
    private readonly ILogger _logger;
    private readonly Func<ITransaction, ValueTask>? _afterReopen;
    private readonly BlockingCollection<Work> _queue;
    private readonly TaskCompletionSource _opened = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Sequences _sequences = new();
    private LiteDbEngine? _engine;
    private (long Batch, List<Change> Changes) _inDoubt;

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
        _opener = new LiteDbOpener(disk, directory, tables, migrations, barrier);
        _observers = observers;
        _clock = clock;
        _options = options;
        _logger = logger;
        _afterReopen = afterReopen;
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
            _engine = _opener.Open();
        }
        catch (StoreOpenException e)
        {
            _opened.SetException(e);
            return;
        }
        if (_engine.ReplayedBatch > 0)
            _logger.Replayed();
        _opened.SetResult();
        foreach (var work in _queue.GetConsumingEnumerable())
            RunBatch(work);
        Close();
        _closed.SetResult();
    }

    private void RunBatch(Work first)
    {
        var batch = new Batch(_sequences, _clock);
        if ((_engine ??= TryReopen()) is not { } engine)
        {
            for (Work? work = first; work is not null; work = Next(batch))
                batch.Refuse(work);
            return;
        }
        try
        {
            for (Work? work = first; work is not null; work = Next(batch))
                batch.Run(work, engine);
            batch.Commit(engine);
        }
        catch (Exception e)
        {
            _logger.BatchFailed(batch.Count, e);
            _inDoubt = (engine.Batch, batch.Changes);
            CloseQuietly();
            batch.Fail(e);
            _engine = TryReopen();
            return;
        }
        Tell(batch.Changes);
        batch.Answer();
    }

    private Work? Next(Batch batch) => batch.Count < _options.MaxBatch && _queue.TryTake(out var work) ? work : null;

    /// <summary>
    /// Opens the file again after a failure. The batch that failed may turn out to be durable: its log was on disk before
    /// the failure, and opening has finished it. Its callers know only that it is in doubt, but the observers must follow.
    /// </summary>
    private LiteDbEngine? TryReopen()
    {
        LiteDbEngine? engine = null;
        try
        {
            engine = _opener.Open();
            if (_inDoubt.Changes is { } changes && engine.ReplayedBatch == _inDoubt.Batch)
                Tell(changes);
            _inDoubt = default;
            if (_afterReopen is not null)
                RunAfterReopen(engine, _afterReopen);
            return engine;
        }
        catch (Exception e)
        {
            _logger.ReopenFailed(e);
            engine?.Dispose();
            return null;
        }
    }

    private void RunAfterReopen(LiteDbEngine engine, Func<ITransaction, ValueTask> afterReopen)
    {
        var work = new Work<bool>(
            async transaction =>
            {
                await afterReopen(transaction);
                return true;
            },
            CancellationToken.None);
        var batch = new Batch(_sequences, _clock);
        batch.Run(work, engine);
        _inDoubt = (engine.Batch, batch.Changes);
        batch.Commit(engine);
        _inDoubt = default;
        batch.Answer();
        work.Task.GetAwaiter().GetResult();
        Tell(batch.Changes);
    }

    private void Tell(IReadOnlyList<Change> changes)
    {
        if (changes.Count == 0)
            return;
        foreach (var observer in _observers)
        {
            try
            {
                observer.Committed(changes);
            }
            catch (Exception e)
            {
                _logger.ObserverFailed(e);
            }
        }
    }

    private void Close()
    {
        try
        {
            _engine?.Close();
        }
        catch (Exception e)
        {
            _logger.BatchFailed(0, e);
        }
        CloseQuietly();
    }

    private void CloseQuietly()
    {
        _engine?.Dispose();
        _engine = null;
    }
}
