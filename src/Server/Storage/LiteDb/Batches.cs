using System.Diagnostics;
using Charging.Server.Clock;
using Charging.Server.Telemetry;

namespace Charging.Server.Storage.LiteDb;

/// <summary>
/// Runs batches on the file and answers them when they are on disk. It has no thread: whoever calls it is one thread at a
/// time, always the same one, because the engine's transactions are the thread's.
/// </summary>
internal sealed class Batches(
    LiteDbOpener opener,
    IReadOnlyList<IStoreObserver> observers,
    TimeProvider clock,
    ILogger logger,
    Func<ITransaction, ValueTask>? afterReopen = null,
    ClockWatch? clocks = null)
{
    private readonly Sequences _sequences = new();
    private readonly SlowOperations _slow = new(clock, logger);
    private LiteDbEngine? _engine;
    private (long Batch, List<Change> Changes) _inDoubt;

    /// <summary>Opens the file.</summary>
    /// <exception cref="StoreOpenException">It cannot be opened.</exception>
    public void Open()
    {
        _engine = opener.Open();
        if (_engine.ReplayedBatch > 0)
            logger.Replayed();
    }

    /// <summary>See <see cref="LiteDbEngine.RestoredAt"/>.</summary>
    public DateTimeOffset? RestoredAt => _engine!.RestoredAt;

    /// <summary>Tables of the file that was opened which this program does not know.</summary>
    public IReadOnlyList<string> UnknownTables => [.. _engine!.UnknownTables.Order(StringComparer.Ordinal)];

    /// <summary>Runs an operation and those that follow it, and commits them together.</summary>
    /// <param name="first">The first operation.</param>
    /// <param name="next">The next one for a batch, or null when it is to be committed.</param>
    public void Run(Work first, Func<Batch, Work?> next)
    {
        var began = Stopwatch.GetTimestamp();
        var batch = new Batch(_sequences, _slow, clock, clocks);
        if ((_engine ??= TryReopen()) is not { } engine)
        {
            for (Work? work = first; work is not null; work = next(batch))
                batch.Refuse(work);
            return;
        }
        try
        {
            for (Work? work = first; work is not null; work = next(batch))
                batch.Run(work, engine);
            batch.Commit(engine);
        }
        catch (Exception e)
        {
            logger.BatchFailed(batch.Count, e);
            ServerMeter.BatchesFailed.Add(1);
            _inDoubt = (engine.Batch, batch.Changes);
            CloseQuietly();
            batch.Fail(e);
            _engine = TryReopen();
            return;
        }
        ServerMeter.BatchOperations.Record(batch.Count);
        ServerMeter.BatchDuration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
        Tell(batch.Changes);
        batch.Answer();
    }

    /// <summary>Begins a copy of the file as it is after the last batch; null while the file is closed.</summary>
    public FileCopy? BeginCopy() => _engine?.BeginCopy();

    /// <summary>Closes the file for good.</summary>
    public void Close()
    {
        try
        {
            _engine?.Close();
        }
        catch (Exception e)
        {
            logger.BatchFailed(0, e);
        }
        CloseQuietly();
    }

    /// <summary>
    /// Opens the file again after a failure. The batch that failed may turn out to be durable: its log was on disk before
    /// the failure, and opening has finished it. Its callers know only that it is in doubt, but the observers must follow.
    /// </summary>
    private LiteDbEngine? TryReopen()
    {
        LiteDbEngine? engine = null;
        try
        {
            engine = opener.Open();
            if (_inDoubt.Changes is { } changes && engine.ReplayedBatch == _inDoubt.Batch)
                Tell(changes);
            _inDoubt = default;
            if (afterReopen is not null)
                RunAfterReopen(engine, afterReopen);
            return engine;
        }
        catch (Exception e)
        {
            logger.ReopenFailed(e);
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
        var batch = new Batch(_sequences, _slow, clock, clocks);
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
        foreach (var observer in observers)
        {
            try
            {
                observer.Committed(changes);
            }
            catch (Exception e)
            {
                logger.ObserverFailed(e);
            }
        }
    }

    private void CloseQuietly()
    {
        _engine?.Dispose();
        _engine = null;
    }
}
