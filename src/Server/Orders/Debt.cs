namespace Charging.Server.Orders;

/// <summary>What a rider owes for a charge whose end record came after the rest of its payment had gone back.</summary>
/// <param name="Fen">In all, in fen: at most what had gone back.</param>
/// <param name="CollectedFen">What was taken from the rider's balance for it, in fen. Changed by the ledger alone.</param>
/// <param name="Collections">How often something was taken: the number of the newest time.</param>
public sealed record Debt(long Fen, long CollectedFen = 0, int Collections = 0)
{
    /// <summary>What is still owed, in fen.</summary>
    public long LeftFen => Fen - CollectedFen;
}
