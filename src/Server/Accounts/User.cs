using Charging.Server.Orders;

namespace Charging.Server.Accounts;

/// <summary>A rider.</summary>
public sealed record User
{
    /// <summary>Number of the account, from the store's sequence, from 1.</summary>
    public required long Id { get; init; }

    /// <summary>The phone; unique among users.</summary>
    public required Phone Phone { get; init; }

    /// <summary>The WeChat name, see <see cref="Accounts.WxName"/>; no other user has one that looks the same.</summary>
    public required string WxName { get; init; }

    /// <summary>When the account was made, UTC.</summary>
    public required DateTimeOffset RegisteredAt { get; init; }

    /// <summary>When the user logged in or registered last, UTC; null before it was ever kept.</summary>
    public DateTimeOffset? LoginAt { get; init; }

    /// <summary>What the user has, in fen; equals the sum of the ledger's entries for this user. Never below 0.</summary>
    public long BalanceFen { get; init; }

    /// <summary>How many of the user's orders were ever paid: the list number of the newest (contract section 13).</summary>
    public int PaidOrders { get; init; }

    /// <summary>The one order that is reserved and not paid, if there is one (contract section 6).</summary>
    public string? UnpaidOrderNo { get; init; }

    /// <summary>The numbers of the orders that were live when the newest was made, and perhaps of others, with that one, oldest first; null before the first.</summary>
    public IReadOnlyList<string>? LiveOrders { get; init; }

    /// <summary>What the rider has begun and left in the last hour; null before anything.</summary>
    public RiderHour? LastHour { get; init; }

    /// <summary>The numbers of the top-ups that were open when the newest was made, with that one, oldest first; null before the first.</summary>
    public IReadOnlyList<string>? OpenTopUps { get; init; }

    /// <summary>How many cards were ever bound: the binding number of the newest.</summary>
    public int CardBindings { get; init; }

    /// <summary>The card numbers that the rider named last and that are not the rider's; null before the first.</summary>
    public ForeignCards? ForeignCards { get; init; }

    /// <summary>How often operators changed the balance: the number of the newest adjustment.</summary>
    public int Adjustments { get; init; }

    /// <summary>Orders for which the rider still owes something, the oldest first; null for none.</summary>
    public IReadOnlyList<string>? Debts { get; init; }

    /// <summary>How many of the user's charges went on after their pile was taken to have lost them, or after their payment had gone back.</summary>
    public int LostCharges { get; init; }

    /// <summary>Who the rider is to the mini-program's WeChat, since the last prepay; null before.</summary>
    public string? OpenId { get; init; }

    /// <summary>What is locked until it is confirmed whose the account is; null for nothing.</summary>
    public OwnershipLock? Lock { get; init; }

    /// <summary>Whether an operator has locked the account out.</summary>
    public bool Blocked { get; init; }

    /// <summary>What the user may spend, in fen.</summary>
    public long SpendableFen => BalanceFen - (Lock?.BalanceFen ?? 0);
}
