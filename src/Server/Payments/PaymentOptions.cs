namespace Charging.Server.Payments;

/// <summary>Settings under `Charging:Payment`.</summary>
public sealed record PaymentOptions
{
    /// <summary>Who takes the money: `WeChatPay` or `Sandbox`. Has a default in Development only.</summary>
    public string? Provider { get; init; }

    /// <summary>How the sandbox answers.</summary>
    public SandboxMode Sandbox { get; init; }

    /// <summary>After how long an unpaid top-up is closed at the provider.</summary>
    public TimeSpan TopUpLifetime { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How many unpaid top-ups a rider may have: making one more closes the oldest.</summary>
    public int MaxOpenTopUps { get; init; } = 5;

    /// <summary>How often the provider is asked about one order in a minute because its rider says that it was paid, 5 to 1000.</summary>
    public int MaxQueriesPerMinute { get; init; } = 10;

    /// <summary>How many top-ups a rider may make in an hour, paid or not; one more is 403.</summary>
    public int MaxTopUpsPerHour { get; init; } = 30;

    /// <summary>
    /// Whether a payment service of the operator's own makes payments too, under this server's order numbers (contract section 7).
    /// If not, what this server has made no payment for cannot be paid, and the provider need not be asked about it.
    /// </summary>
    public bool OwnPaymentService { get; init; }

    /// <summary>Whether what a rider owes for a charge that was lost and had gone on is taken from the balance at the next top-up.</summary>
    public bool CollectDebts { get; init; }

    /// <summary>One sentence about the first setting that makes no sense; null when all do.</summary>
    public string? Complaint() => this switch
    {
        { TopUpLifetime.TotalMinutes: < 1 } => "Charging:Payment:TopUpLifetime is below a minute: give a time such as 00:30:00.",
        { MaxOpenTopUps: < 1 or > 50 } => "Charging:Payment:MaxOpenTopUps is not between 1 and 50: give a number such as 5.",
        { MaxQueriesPerMinute: < 5 or > 1000 } => "Charging:Payment:MaxQueriesPerMinute is not between 5 and 1000: give a number such as 10.",
        { MaxTopUpsPerHour: < 1 or > 1_000_000 } => "Charging:Payment:MaxTopUpsPerHour is not between 1 and 1000000: give how many top-ups a rider may make in an hour, such as 30.",
        _ => null,
    };
}
