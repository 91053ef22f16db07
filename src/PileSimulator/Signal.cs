namespace Charging.PileSimulator;

/// <summary>Wakes everybody who waits for a condition, to look again.</summary>
internal sealed class Signal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Raise() =>
        Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    public async Task WaitAsync(Func<bool> condition, CancellationToken cancel)
    {
        while (true)
        {
            // Taken before the look, so that no change between the look and the wait is missed.
            var next = Volatile.Read(ref _next).Task;
            if (condition()) return;
            await next.WaitAsync(cancel).ConfigureAwait(false);
        }
    }
}
