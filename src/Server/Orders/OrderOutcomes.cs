using System.Collections.Concurrent;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>
/// Wakes whoever waits for an order to start or to fail, or for a charge to end. What it hands out is what the store has
/// made durable, whichever way the outcome came about.
/// </summary>
public sealed class OrderOutcomes(TimeProvider clock) : IStoreObserver
{
    private readonly ConcurrentDictionary<OrderNo, Waiters> _waiting = new();
    private IStore? _store;

    private sealed class Waiters
    {
        public TaskCompletionSource<Result<Done>> Start { get; } = new();

        public TaskCompletionSource<Result<Done>> End { get; } = new();

        public int Count { get; set; }
    }

    /// <summary>Does what an order is to start by, and waits for its start.</summary>
    /// <param name="orderNo">The order.</param>
    /// <param name="act">
    /// Acts on the order or reads it, once the wait has begun, so that no outcome is missed; its answer, or null when that is
    /// still to come.
    /// </param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The answer or the outcome; 5000 when there is none in time, and then the caller may ask again.</returns>
    public async Task<Result<Done>> StartAsync(OrderNo orderNo, Func<Task<Result<Done>?>> act, TimeSpan limit, CancellationToken cancellationToken) =>
        await WaitAsync(orderNo, act, waiters => waiters.Start, order => order.Outcome(), limit, cancellationToken) ?? ResultCode.Busy;

    /// <summary>Does what a charge is to end by, and waits for its end, in the same way.</summary>
    /// <returns>The answer or the outcome; 4005 when there is none in time.</returns>
    public async Task<Result<Done>> EndAsync(OrderNo orderNo, Func<Task<Result<Done>?>> act, TimeSpan limit, CancellationToken cancellationToken) =>
        await WaitAsync(orderNo, act, waiters => waiters.End, EndOf, limit, cancellationToken) ?? ResultCode.StopFailed;

    private async Task<Result<Done>?> WaitAsync(
        OrderNo orderNo, Func<Task<Result<Done>?>> act, Func<Waiters, TaskCompletionSource<Result<Done>>> what, Func<Order, Result<Done>?> outcomeOf,
        TimeSpan limit, CancellationToken cancellationToken)
    {
        var waiters = Enter(orderNo);
        try
        {
            if (await act() is { } known)
                return known;
            var outcome = await what(waiters).Task.WaitAsync(limit, clock, cancellationToken);
            // The store's thread has come here by itself, and goes on at once.
            await Task.Yield();
            return outcome;
        }
        catch (TimeoutException)
        {
            // Another node's word of it may be lost.
            var order = await _store!.RunAsync(tx => tx.GetAsync(OrderTables.Orders, orderNo.ToString()), cancellationToken);
            return order is null ? default : outcomeOf(order);
        }
        finally
        {
            Leave(orderNo, waiters);
        }
    }

    /// <inheritdoc/>
    public Task LoadAsync(IStore store, CancellationToken cancellationToken)
    {
        _store = store;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            if (change.Entity is not Order order || !_waiting.TryGetValue(order.No, out var waiters))
                continue;
            if (order.Outcome() is { } started)
                waiters.Start.TrySetResult(started);
            if (EndOf(order) is { } ended)
                waiters.End.TrySetResult(ended);
        }
    }

    /// <summary>Whoever waits for the end has seen it charge; a state before that, read late, is no news.</summary>
    private static Result<Done>? EndOf(Order order) => order.StopOutcome() is { IsOk: true } ended ? ended : default(Result<Done>?);

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
