using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;

namespace Charging.Reliability.Model;

/// <summary>
/// The LiteDB store without its thread: the scheduler runs its batches, and the seed chooses when, and how many of the
/// waiting operations make one.
/// </summary>
internal sealed class SteppedStore(Batches batches, Scheduler scheduler, Life life, Random random) : IStore
{
    private const int SlowOneIn = 400;

    private readonly Queue<Work> _waiting = new();
    private bool _isScheduled;

    public Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default)
    {
        var work = new Work<TResult>(operation, cancellationToken);
        _waiting.Enqueue(work);
        Schedule();
        return work.Task;
    }

    private void Schedule()
    {
        if (_isScheduled || _waiting.Count == 0)
            return;
        _isScheduled = true;
        // A disk takes a few milliseconds, and now and then so long that leases run out.
        if (random.Next(2) == 0)
            scheduler.Post(life, _ => RunBatch());
        else
            scheduler.After(life, TimeSpan.FromMilliseconds(random.Next(SlowOneIn) == 0 ? random.Next(40_000) : random.Next(20)), RunBatch);
    }

    private void RunBatch()
    {
        var most = 1 + random.Next(_waiting.Count);
        batches.Run(_waiting.Dequeue(), batch => batch.Count < most && _waiting.TryDequeue(out var next) ? next : null);
        _isScheduled = false;
        Schedule();
    }
}
