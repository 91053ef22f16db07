using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;

namespace Charging.Server.Telemetry;

/// <summary>
/// Writes what a charge went through as spans of its trace, when each is over, by following the store. Only there when traces
/// are sent somewhere.
/// </summary>
public sealed class ChargeTraces(TimeProvider clock) : IStoreObserver
{
    private readonly Dictionary<OrderNo, (OrderState State, DateTimeOffset Since)> _live = [];

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            if (change.Entity is Order order)
                Follow(order, change.IsOwn);
            else if (change is { IsOwn: true, Entity: Refund { Step: RefundStep.Done, DoneAt: { } doneAt } refund })
                ChargeTrace.Write("refund", refund.OrderNo.ToString(), refund.OwedAt, doneAt, ("charging.fen", refund.AmountFen), ("charging.refund", refund.No));
        }
    }

    private void Follow(Order order, bool isOwn)
    {
        var now = clock.GetUtcNow();
        var known = _live.TryGetValue(order.No, out var before);
        if (known && before.State == order.State)
            return;
        if (order.IsLive)
            _live[order.No] = (order.State, now);
        else
            _live.Remove(order.No);
        if (!known || !isOwn)
            return;
        switch (before.State)
        {
            case OrderState.Reserved:
                ChargeTrace.Write("reserved", order.No.ToString(), order.CreatedAt, now, Became(order), ("charging.plug", order.Plug.ToString()));
                break;
            case OrderState.Paid or OrderState.Starting:
                ChargeTrace.Write("start", order.No.ToString(), before.Since, now, Became(order), ("charging.cause", order.Cause.ToString()), ("charging.paid_fen", order.PaidFen));
                break;
            case OrderState.Charging:
                ChargeTrace.Write(
                    "charge", order.No.ToString(), order.StartedAt ?? before.Since, order.EndedAt ?? now,
                    Became(order), ("charging.seconds", order.Seconds), ("charging.energy_wh", order.EnergyWh), ("charging.end_reason", order.EndReason.ToString()));
                break;
        }
    }

    private static (string Key, object? Value) Became(Order order) => ("charging.became", order.State.ToString());
}
