using System.Collections.Concurrent;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>
/// Wakes whoever waits for an order to start or to fail. What it hands out is what the store has made durable,
/// whichever way the outcome came about.
/// </summary>
public sealed class OrderOutcomes(TimeProvider clock) : IStoreObserver
{
    private readonly ConcurrentDictionary<OrderNo, Waiters> _waiting = new();

    private sealed class Waiters
    {
        public TaskCompletionSource<Result<Done>> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Count { get; set; }
    }

    /// <summary>Waits for the outcome of an order.</summary>
    /// <param name="orderNo">The order.</param>
    /// <param name="read">Reads the order, after the wait has begun, so that no outcome is missed.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The outcome; 5000 when there is none in time, and then the caller may ask again.</returns>
    public async Task<Result<Done>> WaitAsync(OrderNo orderNo, Func<Task<Order?>> read, TimeSpan limit, CancellationToken cancellationToken)
    {
        var waiters = Enter(orderNo);
        try
        {
            if ((await read())?.Outcome() is { } known)
                return known;
            return await waiters.Outcome.Task.WaitAsync(limit, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            return ResultCode.Busy;
        }
        finally
        {
            Leave(orderNo, waiters);
        }
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            if (change.Entity is Order order && _waiting.TryGetValue(order.No, out var waiters) && order.Outcome() is { } outcome)
                waiters.Outcome.TrySetResult(outcome);
        }
    }

    private Waiters Enter(OrderNo orderNo)
    {
        while (true)
        {
            var waiters = _waiting.GetOrAdd(orderNo, _ => new Waiters());
            lock (waiters)
            {
                if (!_waiting.TryGetValue(orderNo, out var current) || current != waiters)
                    continue;
                waiters.Count++;
                return waiters;
            }
        }
    }

    private void Leave(OrderNo orderNo, Waiters waiters)
    {
        lock (waiters)
        {
            if (--waiters.Count == 0)
                _waiting.TryRemove(KeyValuePair.Create(orderNo, waiters));
        }
    }
}
