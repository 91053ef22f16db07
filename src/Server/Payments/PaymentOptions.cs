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

    /// <summary>One sentence about the first setting that makes no sense; null when all do.</summary>
    public string? Complaint() =>
        TopUpLifetime < TimeSpan.FromMinutes(1) ? "Charging:Payment:TopUpLifetime is below a minute: give a time such as 00:30:00." : null;
}
