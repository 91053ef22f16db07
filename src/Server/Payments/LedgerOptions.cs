namespace Charging.Server.Payments;

/// <summary>Settings under `Charging:Ledger`.</summary>
public sealed record LedgerOptions
{
    /// <summary>Whether the server starts although the ledger does not add up. It logs an error at every start.</summary>
    public bool StartAnyway { get; init; }
}
