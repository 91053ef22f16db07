namespace Charging.Server.Calls;

/// <summary>The time that riders and operators read: China has one, and no summer time.</summary>
public static class Shanghai
{
    private static readonly TimeSpan Offset = TimeSpan.FromHours(8);

    /// <summary>An instant as the clocks of Asia/Shanghai show it.</summary>
    public static DateTimeOffset At(DateTimeOffset instant) => instant.ToOffset(Offset);

    /// <summary>The day of an instant.</summary>
    public static DateOnly DayOf(DateTimeOffset instant) => DateOnly.FromDateTime(At(instant).DateTime);

    /// <summary>The instant at which a day begins.</summary>
    public static DateTimeOffset BeginningOf(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), Offset);
}
