namespace Charging.Server.Accounts;

/// <summary>Settings under `Charging:Codes`.</summary>
public sealed record CodesOptions
{
    /// <summary>How long a code lives, and how long its phone is sent no other.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How many codes are sent in a minute to registered phones, and how many to new ones: the ceiling of the whole server, over all nodes.</summary>
    public int MaxSmsPerMinute { get; init; } = 20;

    /// <summary>How many codes one address is sent in an hour; counted behind trusted proxies alone.</summary>
    public int MaxSmsPerAddress { get; init; } = 200;

    /// <summary>How many failed attempts at one phone are told in an hour, see <see cref="AttemptLimits"/>.</summary>
    public int MaxFailuresPerPhone { get; init; } = 20;

    /// <summary>How many failed attempts one address has in an hour; counted behind trusted proxies alone.</summary>
    public int MaxFailuresPerAddress { get; init; } = 200;

    /// <summary>How many failed attempts there are in a minute in all before every attempt is slowed.</summary>
    public int MaxFailuresPerMinute { get; init; } = 60;

    internal string? Complaint()
    {
        if (Lifetime <= TimeSpan.Zero || Lifetime > TimeSpan.FromHours(1))
            return "Charging:Codes:Lifetime must be above 0 and at most 01:00:00: give the life of a validation code, for example 00:02:00.";
        (string Name, int Value)[] limits =
        [
            (nameof(MaxSmsPerMinute), MaxSmsPerMinute), (nameof(MaxSmsPerAddress), MaxSmsPerAddress), (nameof(MaxFailuresPerPhone), MaxFailuresPerPhone),
            (nameof(MaxFailuresPerAddress), MaxFailuresPerAddress), (nameof(MaxFailuresPerMinute), MaxFailuresPerMinute),
        ];
        return limits.FirstOrDefault(limit => limit.Value is < 1 or > 1_000_000) is { Name: { } name }
            ? $"Charging:Codes:{name} is not between 1 and 1000000: give a number such as 20."
            : null;
    }
}
