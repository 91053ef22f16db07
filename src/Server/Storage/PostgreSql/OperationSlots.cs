namespace Charging.Server.Storage.PostgreSql;

/// <summary>Lets as many operations run at once as there are connections, and a bounded number wait for their turn.</summary>
/// <param name="connections">How many run at once.</param>
/// <param name="maxWaiting">How many wait.</param>
internal sealed class OperationSlots(int connections, int maxWaiting)
{
    // While the server stops. Both are long for a store that works.
    private static readonly TimeSpan MaxLastWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxClosing = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _free = new(connections);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _closing = new();
    private int _taken;

    /// <summary>Operations that wait.</summary>
    public int Waiting => Math.Max(0, Volatile.Read(ref _taken) - connections);

    /// <summary>Whether the server stops, so that nothing is tried for longer than it must be.</summary>
    public bool IsStopping => _stopping.IsCancellationRequested;

    /// <summary>Runs an operation in a slot.</summary>
    /// <exception cref="StoreUnavailableException">Too many wait, or the server stops.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> operation, CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _taken) > maxWaiting + connections)
                throw new StoreUnavailableException($"More than {maxWaiting} operations wait for the store.");
            await TakeAsync(cancellationToken);
            try
            {
                // From here on it is run to its end, whoever still waits.
                return await operation();
            }
            finally
            {
                _free.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _taken);
        }
    }

    /// <summary>Whoever waits is refused, and whoever comes waits for a moment only.</summary>
    public void Stop()
    {
        if (IsStopping)
            return;
        _stopping.Cancel();
        _closing.CancelAfter(MaxClosing);
    }

    /// <summary>Waits until nothing runs any more, at most until a second after the stop: what has not ended by then, in a jam, will not.</summary>
    public async Task DrainAsync()
    {
        for (var slot = 0; slot < connections; slot++)
            await _free.WaitAsync(_closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task TakeAsync(CancellationToken cancellationToken)
    {
        if (IsStopping)
        {
            if (!await _free.WaitAsync(MaxLastWait, cancellationToken))
                throw IStore.Stopping;
            return;
        }
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        try
        {
            await _free.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw IStore.Stopping;
        }
    }
}
