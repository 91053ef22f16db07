namespace Charging.Server.Operations;

/// <summary>Settings under `Charging:Operations`: how much money one key of a role may move in a day (Asia/Shanghai), where admins have no limit, and how much any key may change.</summary>
public sealed record OperationsOptions
{
    /// <summary>What a key of an operator may give back of what was earned, in fen.</summary>
    public int OperatorRefundFen { get; init; } = 5_000;

    /// <summary>What a key of an operator may put on balances and take from them, in fen.</summary>
    public int OperatorAdjustFen { get; init; } = 5_000;

    /// <summary>What a key of the finance department may give back of what was earned, in fen.</summary>
    public int FinanceRefundFen { get; init; } = 100_000;

    /// <summary>What a key of the finance department may put on balances and take from them, in fen.</summary>
    public int FinanceAdjustFen { get; init; } = 100_000;

    /// <summary>How many changes one key may make in an hour; each card that it issues is one.</summary>
    public int MaxChangesPerHour { get; init; } = 5_000;

    /// <summary>One sentence about the first setting that makes no sense; null when all do.</summary>
    public string? Complaint() =>
        new[] { OperatorRefundFen, OperatorAdjustFen, FinanceRefundFen, FinanceAdjustFen }.Any(fen => fen < 0)
            ? "A limit under Charging:Operations is below 0: give fen, such as 5000, or 0 to forbid it."
            : MaxChangesPerHour is < 1 or > 100_000_000 ? "Charging:Operations:MaxChangesPerHour is not between 1 and 100000000: give how many changes one key may make in an hour, such as 5000."
            : null;
}
