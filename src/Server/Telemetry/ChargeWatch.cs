using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;

namespace Charging.Server.Telemetry;

/// <summary>
/// Counts what becomes of charges, by following the store: so every way to an outcome is counted, and each once, by the node that wrote it. It knows the
/// state of each order that has a plug, and the refunds that are owed; both are bounded by what is open.
/// </summary>
public sealed class ChargeWatch : IStoreObserver
{
    private const int Slice = 200;

    private readonly ConcurrentDictionary<OrderNo, OrderState> _live = new();
    private readonly ConcurrentDictionary<string, long> _owed = new();

    /// <summary>The refunds that the provider has not done yet.</summary>
    public (int Count, long Fen) Owed => (_owed.Count, _owed.Values.Sum());

    /// <inheritdoc/>
    public async Task LoadAsync(IStore store, CancellationToken cancellationToken)
    {
        var busy = await store.ScanAsync(OrderTables.BusyPlugs.ByKey, cancellationToken).Select(plug => plug.OrderNo.ToString()).ToListAsync(cancellationToken);
        foreach (var order in await ReadAsync(store, OrderTables.Orders, busy, cancellationToken))
            _live[order.No] = order.State;
        var due = await store.ScanAsync(DueRows.Table.ByKey, cancellationToken).Where(row => row.Kind == DueKind.Refund).Select(row => row.Subject).ToListAsync(cancellationToken);
        foreach (var refund in await ReadAsync(store, Refund.Table, due, cancellationToken))
        {
            if (refund.Step == RefundStep.Owed)
                _owed[refund.No] = refund.AmountFen;
        }
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            if (change.Entity is Order order)
                Follow(order, change.IsOwn);
            else if (change.Entity is Refund { Step: RefundStep.Owed } owed)
                _owed[owed.No] = owed.AmountFen;
            else if (change.Entity is Refund refund)
                _owed.TryRemove(refund.No, out _);
        }
    }

    /// <summary>Orders that have a plug, by state.</summary>
    public IEnumerable<Measurement<int>> Live() => _live.Values.GroupBy(state => state)
        .Select(group => new Measurement<int>(group.Count(), new KeyValuePair<string, object?>("state", group.Key.ToString().ToLowerInvariant())));

    private static async Task<IReadOnlyList<T>> ReadAsync<T>(IStore store, Table<T> table, IReadOnlyList<string> keys, CancellationToken cancellationToken)
        where T : class
    {
        var found = new List<T>();
        foreach (var slice in keys.Chunk(Slice))
        {
            found.AddRange(await store.RunAsync(async tx =>
            {
                var read = new List<T>();
                foreach (var key in slice)
                {
                    if (await tx.GetAsync(table, key) is { } entity)
                        read.Add(entity);
                }
                return read;
            }, cancellationToken));
        }
        return found;
    }

    private void Follow(Order order, bool isOwn)
    {
        var known = _live.TryGetValue(order.No, out var before);
        if (order.IsLive)
            _live[order.No] = order.State;
        else if (known)
            _live.TryRemove(order.No, out _);
        // Of an order that was not known, only its beginning is: what it comes to without a plug is no start.
        if (!known || before == order.State || !isOwn)
            return;
        if (OutcomeOf(before, order) is { } outcome)
            ServerMeter.Starts.Add("outcome", outcome);
        if (HadPower(before, order) && order is { PaidAt: { } paid, StartedAt: { } started })
            ServerMeter.StartDuration.Record((started - paid).TotalSeconds);
        if (order.State is OrderState.Ended or OrderState.Settled && before != OrderState.Ended)
            ServerMeter.ChargesEnded.Add("reason", order.Trouble ?? order.EndReason.ToString());
    }

    private static string? OutcomeOf(OrderState before, Order order) => order.State switch
    {
        _ when HadPower(before, order) => "power",
        OrderState.StartFailed => "silent",
        OrderState.Refunding or OrderState.Refunded when IsBeforePower(before) => order.Cause switch
        {
            FailCause.Offline => "offline",
            FailCause.Amount => "amount",
            _ => before == OrderState.Starting ? "rejected" : "no_plug",
        },
        _ => null,
    };

    private static bool HadPower(OrderState before, Order order) =>
        IsBeforePower(before) && order.State is OrderState.Charging or OrderState.Ended or OrderState.Settled;

    private static bool IsBeforePower(OrderState state) => state is OrderState.Reserved or OrderState.Paid or OrderState.Starting;
}
