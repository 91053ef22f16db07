namespace Charging.Server.Orders;

/// <summary>Where an order stands (docs/tour.md, Order).</summary>
public enum OrderState
{
    /// <summary>The plug is kept for the payment.</summary>
    Reserved,

    /// <summary>Paid, and the start command is not yet on its way: the pile has not been heard since the server started.</summary>
    Paid,

    /// <summary>The start command is on its way.</summary>
    Starting,

    /// <summary>The pile charges.</summary>
    Charging,

    /// <summary>The charge is over.</summary>
    Ended,

    /// <summary>The money of the charge is accounted for.</summary>
    Settled,

    /// <summary>Left by the rider before it was paid.</summary>
    Cancelled,

    /// <summary>Not paid in time.</summary>
    Expired,

    /// <summary>The pile did not start. On its own: it never answered, and the plug stays busy.</summary>
    StartFailed,

    /// <summary>The whole payment goes back.</summary>
    Refunding,

    /// <summary>The whole payment went back.</summary>
    Refunded,
}

/// <summary>The only moves between the states of an order.</summary>
public static class OrderMoves
{
    private static readonly Dictionary<OrderState, OrderState[]> Legal = new()
    {
        [OrderState.Reserved] = [OrderState.Paid, OrderState.Cancelled, OrderState.Expired],
        // The pile may be gone when the payment is known.
        [OrderState.Paid] = [OrderState.Starting, OrderState.Refunding],
        // The end may come before the result.
        [OrderState.Starting] = [OrderState.Charging, OrderState.Ended, OrderState.StartFailed],
        [OrderState.Charging] = [OrderState.Ended],
        [OrderState.Ended] = [OrderState.Settled],
        [OrderState.Settled] = [],
        // A payment may be found later: the order is revived, or the money goes back.
        [OrderState.Cancelled] = [OrderState.Paid, OrderState.Refunding],
        [OrderState.Expired] = [OrderState.Paid, OrderState.Refunding],
        [OrderState.StartFailed] = [OrderState.Refunding],
        [OrderState.Refunding] = [OrderState.Refunded],
        [OrderState.Refunded] = [],
    };

    /// <summary>Whether an order may go from one state to another.</summary>
    public static bool IsLegal(OrderState from, OrderState to) => Array.IndexOf(Legal[from], to) >= 0;

    /// <summary>Whether an order in this state has its plug.</summary>
    public static bool IsLive(OrderState state) =>
        state is OrderState.Reserved or OrderState.Paid or OrderState.Starting or OrderState.Charging or OrderState.StartFailed;
}
