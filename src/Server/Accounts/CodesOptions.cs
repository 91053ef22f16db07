namespace Charging.Server.Accounts;

/// <summary>Settings under `Charging:Codes`.</summary>
public sealed record CodesOptions
{
    /// <summary>How long a code lives.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(2);

    internal string? Complaint() => Lifetime > TimeSpan.Zero && Lifetime <= TimeSpan.FromHours(1)
        ? null
        : "Charging:Codes:Lifetime must be above 0 and at most 01:00:00: give the life of a validation code, for example 00:02:00.";
}
