using Charging.Server.Piles;

namespace Charging.Server.Orders;

/// <summary>How often something has happened in an hour, which begins with the first time.</summary>
/// <param name="Since">When it happened first, UTC.</param>
/// <param name="Count">How often since then.</param>
public readonly record struct HourCount(DateTimeOffset Since, int Count)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>How often it has happened in the hour that goes on now.</summary>
    public int At(DateTimeOffset now) => now - Since < Hour ? Count : 0;

    /// <summary>It happens once more.</summary>
    public HourCount Next(DateTimeOffset now) => new(At(now) > 0 ? Since : now, At(now) + 1);
}

/// <summary>What a rider has done at a plug lately.</summary>
/// <param name="Plug">The plug.</param>
/// <param name="Starts">Orders of the plug that were paid.</param>
/// <param name="UnpaidAt">When the newest reservations of the plug ended unpaid, UTC, oldest first; at most <see cref="MaxUnpaid"/>.</param>
public sealed record PlugHour(PlugId Plug, HourCount Starts, IReadOnlyList<DateTimeOffset> UnpaidAt)
{
    /// <summary>So many reservations that end unpaid within <see cref="UnpaidWindow"/> keep the rider from the plug for <see cref="UnpaidPause"/>.</summary>
    public const int MaxUnpaid = 3;

    /// <summary>In what time reservations of a plug that end unpaid count together.</summary>
    public static readonly TimeSpan UnpaidWindow = TimeSpan.FromMinutes(10);

    /// <summary>How long a rider cannot have the plug after them.</summary>
    public static readonly TimeSpan UnpaidPause = TimeSpan.FromMinutes(3);

    /// <summary>Whether the rider cannot have the plug for what was left unpaid.</summary>
    public bool IsKeptOff(DateTimeOffset now) =>
        UnpaidAt.Count == MaxUnpaid && UnpaidAt[^1] - UnpaidAt[0] <= UnpaidWindow && now - UnpaidAt[^1] < UnpaidPause;

    /// <summary>Whether anything of it still counts.</summary>
    public bool Counts(DateTimeOffset now) => Starts.At(now) > 0 || (UnpaidAt.Count > 0 && now - UnpaidAt[^1] <= UnpaidWindow);
}

/// <summary>What a rider has begun and left in the last hour, as far as <see cref="RiderLimits"/> asks for it.</summary>
/// <param name="Unpaid">Reservations that ended unpaid.</param>
/// <param name="Plugs">The plugs of them and of what was paid.</param>
public sealed record RiderHour(HourCount Unpaid, IReadOnlyList<PlugHour> Plugs)
{
    /// <summary>A rider who has done nothing.</summary>
    public static readonly RiderHour Empty = new(default, []);

    // Far more than anybody goes to in an hour: beyond it the oldest is forgotten, and the row stays small.
    private const int MaxPlugs = 50;

    /// <summary>What was done at a plug.</summary>
    public PlugHour At(PlugId plug) => Plugs.FirstOrDefault(it => it.Plug == plug) ?? new PlugHour(plug, default, []);

    /// <summary>An order of a plug was paid.</summary>
    public RiderHour Started(PlugId plug, DateTimeOffset now) =>
        With(At(plug) with { Starts = At(plug).Starts.Next(now) }, now);

    /// <summary>A reservation of a plug has ended unpaid.</summary>
    public RiderHour LeftUnpaid(PlugId plug, DateTimeOffset now) =>
        With(At(plug) with { UnpaidAt = [.. At(plug).UnpaidAt.TakeLast(PlugHour.MaxUnpaid - 1), now] }, now) with { Unpaid = Unpaid.Next(now) };

    private RiderHour With(PlugHour plug, DateTimeOffset now) =>
        this with { Plugs = [.. Plugs.Where(it => it.Plug != plug.Plug && it.Counts(now)).TakeLast(MaxPlugs - 1), plug] };
}
