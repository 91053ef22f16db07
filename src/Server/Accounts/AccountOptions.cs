namespace Charging.Server.Accounts;

/// <summary>Settings under `Charging:Accounts`.</summary>
public sealed record AccountOptions
{
    /// <summary>After how long without a login the phone number of an account may have gone to somebody else (<see cref="Ownership"/>).</summary>
    public TimeSpan DormantAfter { get; init; } = TimeSpan.FromDays(90);

    internal string? Complaint() => DormantAfter < Token.Lifetime || DormantAfter > TimeSpan.FromDays(3650)
        ? "Charging:Accounts:DormantAfter must be 30 to 3650 days: give after how long without a login a phone number may have gone to somebody else, such as 90.00:00:00."
        : null;
}
