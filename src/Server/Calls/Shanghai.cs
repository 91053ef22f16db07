namespace Charging.Server.Calls;

/// <summary>The time that riders and operators read: China has one, and no summer time.</summary>
public static class Shanghai
{
    private static readonly TimeSpan Offset = TimeSpan.FromHours(8);

    /// <summary>An instant as the clocks of Asia/Shanghai show it.</summary>
    public static DateTimeOffset At(DateTimeOffset instant) => instant.ToOffset(Offset);
}
