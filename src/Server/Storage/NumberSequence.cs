namespace Charging.Server.Storage;

/// <summary>Every sequence of numbers that the server takes from its store.</summary>
public static class NumberSequence
{
    /// <summary>Orders and top-ups.</summary>
    public const string Orders = "order";

    /// <summary>Steps of orders.</summary>
    public const string OrderSteps = "order_steps";

    /// <summary>Entries of the ledger.</summary>
    public const string Ledger = "ledger";

    /// <summary>Riders.</summary>
    public const string Users = "users";

    /// <summary>Entries of the audit log.</summary>
    public const string Audit = "audit";

    /// <summary>Operator keys.</summary>
    public const string OperatorKeys = "operator_keys";

    /// <summary>How far numbers leap when a backup is restored: more than can have been given since it was taken, or the backup is of no use.</summary>
    public const long Gap = 1_000_000;

    /// <summary>All of them: a store that is moved goes on after each.</summary>
    public static readonly IReadOnlyList<string> All = [Orders, OrderSteps, Ledger, Users, Audit, OperatorKeys];
}
