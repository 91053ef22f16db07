using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Reliability.Crash;

/// <summary>An order as its rider was told of it.</summary>
/// <param name="no">The number.</param>
/// <param name="plug">The plug.</param>
/// <param name="asked">When the rider asked for it, UTC: the reservation began after that.</param>
internal sealed class OrderTold(string no, PlugId plug, DateTimeOffset asked)
{
    public string No => no;

    public PlugId Plug => plug;

    /// <summary>What the rider said was paid, in fen; 0 before that.</summary>
    public long SaidFen { get; set; }

    /// <summary>Whether it is paid from the balance.</summary>
    public bool IsByBalance { get; set; }

    /// <summary>Whether the rider was told that the charge is over.</summary>
    public bool WasEnded { get; set; }

    /// <summary>The answer to the payment; 0 while there is none.</summary>
    public int PaidCode { get; set; }

    /// <summary>Whether the rider has asked to leave the payment, or for another plug: the order may be released.</summary>
    public bool MayBeReleased { get; set; }

    /// <summary>Whether the rider was told that the order is cancelled.</summary>
    public bool WasReleased { get; set; }

    /// <summary>Whether the plug must still be the rider's.</summary>
    public bool IsKept(DateTimeOffset now) => SaidFen == 0 && !MayBeReleased && now < asked + CrashRider.Reservation;

    /// <summary>Compares with the store.</summary>
    public async ValueTask<string?> FaultAsync(ITransaction tx, long userId, DateTimeOffset killedAt)
    {
        if (await tx.GetAsync(OrderTables.Orders, no) is not { } order)
            return $"Order {no} was answered and is gone.";
        if (order.UserId != userId || order.Plug != plug)
            return $"Order {no} is of another rider or plug.";
        if (IsKept(killedAt) && order.State != OrderState.Reserved)
            return $"Order {no} is reserved for the rider and is {order.State}.";
        if (order.State == OrderState.Cancelled && !MayBeReleased)
            return $"Order {no} was cancelled and nobody asked for it.";
        if (WasReleased && order.State == OrderState.Reserved)
            return $"Order {no} was cancelled and is reserved again.";
        if (order.PaidAt is not null && SaidFen == 0)
            return $"Order {no} is paid and nobody paid it.";
        if (PaidCode == 0)
            return null;
        var held = await tx.GetAsync(Ledger.Entries, $"hold:{no}");
        // The plug was another's by then: nothing was taken from the balance.
        if (IsByBalance && PaidCode == 4000 && order.PaidAt is null && held is null)
            return order.IsLive ? $"Order {no} was refused for its plug and is {order.State}." : null;
        var from = IsByBalance ? Ledger.Balance(userId) : Ledger.Provider;
        if (order.PaidAt is null || order.PaidFen != SaidFen || held?.AmountFen != SaidFen || held.From != from)
            return $"Order {no} was answered {PaidCode} for {SaidFen} fen, and holds a payment of {order.PaidFen} with an entry of {held?.AmountFen} from {held?.From}.";
        if (WasEnded && order.State is not (OrderState.Ended or OrderState.Settled))
            return $"The charge of {no} was over and is {order.State}.";
        var charges = order.State is OrderState.Charging or OrderState.Ended or OrderState.Settled;
        return charges == (PaidCode == 200) ? null : $"Order {no} was answered {PaidCode} and is {order.State}.";
    }
}

/// <summary>A top-up as its rider was told of it.</summary>
/// <param name="no">The number.</param>
/// <param name="fen">The amount, in fen.</param>
internal sealed class TopUpTold(string no, long fen)
{
    public string No => no;

    public long Fen => fen;

    /// <summary>Whether the rider has said that it was paid.</summary>
    public bool MayBeCredited { get; set; }

    /// <summary>Whether the rider was told that it is on the balance.</summary>
    public bool WasCredited { get; set; }

    /// <summary>Compares with the store.</summary>
    public async ValueTask<string?> FaultAsync(ITransaction tx, long userId)
    {
        var topUp = await tx.GetAsync(TopUp.Table, no);
        if (topUp?.UserId != userId || topUp.AmountFen != fen)
            return $"Top-up {no} of {fen} fen was answered and is gone.";
        var entry = await tx.GetAsync(Ledger.Entries, $"credit:{no}");
        if ((topUp.State == TopUpState.Credited) != (entry is not null) || (entry is not null && (entry.AmountFen != fen || entry.To != Ledger.Balance(userId))))
            return $"Top-up {no} is {topUp.State} with an entry of {entry?.AmountFen} fen to {entry?.To}.";
        if (WasCredited && entry is null)
            return $"Top-up {no} was credited and is no more.";
        return entry is not null && !MayBeCredited ? $"Top-up {no} is credited and nobody paid it." : null;
    }
}

/// <summary>A card as its rider was told of it.</summary>
internal sealed class CardTold
{
    /// <summary>Whether the last answer was that it is bound.</summary>
    public bool IsBound { get; set; }

    /// <summary>Whether a call about it is without an answer.</summary>
    public bool InDoubt { get; set; }
}
