namespace Charging.Server.Accounts;

/// <summary>
/// What of an account is locked until it is confirmed whose it is, because its phone number may have gone to somebody else: the
/// balance and the cards of before. What comes later is not locked.
/// </summary>
/// <param name="Since">The login since which it is locked, UTC.</param>
/// <param name="OpenId">Who confirms it by paying: whom the account belonged to in WeChat.</param>
/// <param name="BalanceFen">How much of the balance, in fen.</param>
/// <param name="Bindings">The binding number of the newest card.</param>
public sealed record OwnershipLock(DateTimeOffset Since, string OpenId, long BalanceFen, int Bindings)
{
    /// <summary>The lock with some more of a balance, but never more than there is.</summary>
    internal OwnershipLock Within(long balanceFen, long moreFen) => this with { BalanceFen = Math.Min(BalanceFen + moreFen, balanceFen) };
}
