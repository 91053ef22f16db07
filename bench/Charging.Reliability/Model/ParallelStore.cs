using Charging.Server.Storage;
using Charging.Server.Storage.PostgreSql;

namespace Charging.Reliability.Model;

/// <summary>
/// The PostgreSQL store under the scheduler: the seed chooses when, and how many of the waiting operations run side by side.
/// They do so on threads of their own, in true conflict with each other, while the scheduler waits for all of them; who of
/// them comes first is PostgreSQL's choice and not the seed's.
/// </summary>
internal sealed class ParallelStore(
    PostgreSqlStore store, PostgresPlace place, Collected changes, IReadOnlyList<IStoreObserver> observers, Scheduler scheduler, Life life, Random random) : IStore
{
    private const int MostAtOnce = 8;
    private const int SlowOneIn = 400;

    private readonly Queue<Waiting> _waiting = new();
    private bool _isScheduled;

    /// <inheritdoc/>
    public bool IsShared => store.IsShared;

    /// <inheritdoc/>
    public Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default)
    {
        var answer = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue(new Waiting(RunAsync));
        Schedule();
        return answer.Task;

        async Task<Action> RunAsync()
        {
            try
            {
                var result = await store.RunAsync(operation, cancellationToken);
                return () => answer.TrySetResult(result);
            }
            catch (OperationCanceledException e)
            {
                return () => answer.TrySetCanceled(e.CancellationToken);
            }
            catch (Exception fault)
            {
                return () => answer.TrySetException(fault);
            }
        }
    }

    private void Schedule()
    {
        if (_isScheduled || _waiting.Count == 0)
            return;
        _isScheduled = true;
        // A database takes a few milliseconds, and now and then so long that leases run out.
        if (random.Next(2) == 0)
            scheduler.Post(life, _ => RunSome());
        else
            scheduler.After(life, TimeSpan.FromMilliseconds(random.Next(SlowOneIn) == 0 ? random.Next(40_000) : random.Next(20)), RunSome);
    }

    private void RunSome()
    {
        var running = new List<Task<Action>>();
        for (var most = 1 + random.Next(Math.Min(MostAtOnce, _waiting.Count)); running.Count < most;)
            running.Add(Task.Run(_waiting.Dequeue().RunAsync));
        var answers = Task.WhenAll(running).GetAwaiter().GetResult();
        place.Committed();
        // It was killed in this moment: all is committed, and it does not know.
        if (place.IsCut)
            return;
        foreach (var commit in changes.Take())
        {
            foreach (var observer in observers)
                observer.Committed(commit);
        }
        foreach (var answer in answers)
            answer();
        _isScheduled = false;
        Schedule();
    }

    /// <summary>An operation; what it gives is how its caller is answered.</summary>
    private sealed record Waiting(Func<Task<Action>> RunAsync);
}
