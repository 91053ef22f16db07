namespace Charging.Server.Piles;

/// <summary>What one pile may have kept, section `Charging:Piles`.</summary>
public sealed record PileOptions
{
    /// <summary>How many events of one pile are acted on in a day; more are not acknowledged, and the pile sends them again. Those of its live orders always are.</summary>
    public int MaxEventsPerDay { get; init; } = 5_000;

    /// <summary>How many messages of one pile that could not be read are kept, the newest.</summary>
    public int MaxUnreadable { get; init; } = 50;

    /// <summary>How many messages of one pile that cannot be read are kept and logged in a minute; more are only counted.</summary>
    public int MaxUnreadablePerMinute { get; init; } = 10;

    internal string? Complaint() => this switch
    {
        { MaxEventsPerDay: < 100 or > 1_000_000 } => "Charging:Piles:MaxEventsPerDay is not between 100 and 1000000: give how many events of one pile are acted on in a day, such as 5000.",
        { MaxUnreadable: < 1 or > 10_000 } => "Charging:Piles:MaxUnreadable is not between 1 and 10000: give how many unreadable messages of one pile are kept, such as 50.",
        { MaxUnreadablePerMinute: < 1 or > 10_000 } => "Charging:Piles:MaxUnreadablePerMinute is not between 1 and 10000: give how many unreadable messages of one pile are kept in a minute, such as 10.",
        _ => null,
    };
}
