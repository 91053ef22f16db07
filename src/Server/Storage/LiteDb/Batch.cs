using Charging.Server.Clock;

namespace Charging.Server.Storage.LiteDb;

/// <summary>Operations that are run one after the other, each seeing what those before it did, and committed together.</summary>
internal sealed class Batch(Sequences sequences, SlowOperations slow, TimeProvider clock, ClockWatch? clocks)
{
    private readonly Overlay _overlay = new();
    private readonly List<Done> _done = [];

    private readonly record struct Done(Work Work, TimeSpan Ran, int Rows);

    /// <summary>Operations that it has taken.</summary>
    public int Count { get; private set; }

    /// <summary>What the operations that succeeded have changed, in their order.</summary>
    public List<Change> Changes { get; } = [];

    /// <summary>Runs an operation. Its own failure is told to its caller alone; the engine's is thrown.</summary>
    public void Run(Work work, LiteDbEngine engine)
    {
        Count++;
        if (work.IsCancelled)
        {
            work.Cancel();
            return;
        }
        var transaction = new LiteDbTransaction(engine, _overlay, sequences, clock.GetUtcNow(), clocks);
        var (began, before) = (clock.GetTimestamp(), Changes.Count);
        try
        {
            work.Run(transaction);
            _overlay.Keep(Changes);
            _done.Add(new Done(work, clock.GetElapsedTime(began), Changes.Count - before));
        }
        catch (Exception e)
        {
            _overlay.Undo();
            work.Fail(e);
            slow.Ran(work.Operation, clock.GetElapsedTime(began));
        }
        finally
        {
            transaction.End();
        }
        if (engine.Failure is { } failure)
            throw new IOException("The store's file could not be read.", failure);
    }

    /// <summary>Puts the batch on disk.</summary>
    public void Commit(LiteDbEngine engine)
    {
        var began = clock.GetTimestamp();
        engine.Apply(_overlay);
        sequences.Apply(engine);
        var wrote = clock.GetElapsedTime(began);
        // What the batch writes is shared by its operations, row by row; the disk is waited for by all together.
        foreach (var (work, ran, rows) in _done)
            slow.Ran(work.Operation, rows == 0 ? ran : ran + (wrote * ((double)rows / Changes.Count)));
        engine.Commit();
        sequences.Committed();
    }

    public void Answer()
    {
        foreach (var done in _done)
            done.Work.Answer();
    }

    /// <summary>Tells the callers that the batch failed, and that its effects are in doubt.</summary>
    public void Fail(Exception cause)
    {
        var exception = new StoreUnavailableException("The store failed; whether the operation took effect is not known.", cause);
        foreach (var done in _done)
            done.Work.Fail(exception);
    }

    /// <summary>Takes an operation that cannot be run.</summary>
    public void Refuse(Work work)
    {
        Count++;
        work.Fail(new StoreUnavailableException("The store is closed until its disk works again."));
    }
}
