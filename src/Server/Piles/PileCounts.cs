using Charging.MqttBroker;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>How much of what is limited for each pile there is of one. Kept with what it counts, which so need not be read to be counted.</summary>
public sealed record PileCounts
{
    /// <summary>How long refused swipes are counted together.</summary>
    public static readonly TimeSpan SwipeWindow = TimeSpan.FromMinutes(1);

    /// <summary>The pile.</summary>
    public required DeviceNo Device { get; init; }

    /// <summary>Stops that wait although none of the pile's orders that are live is to be stopped by them.</summary>
    public int OrphanStops { get; init; }

    /// <summary>How many charges went on after they were given up, by plug; null for none.</summary>
    public IReadOnlyDictionary<int, int>? LostCharges { get; init; }

    /// <summary>Swipes that were refused since <see cref="SwipesSince"/>, other than those that were too old.</summary>
    public int RefusedSwipes { get; init; }

    /// <summary>When the minute began in which refused swipes are counted, UTC; null before the first.</summary>
    public DateTimeOffset? SwipesSince { get; init; }

    /// <summary>End records that cannot be, on <see cref="ImpossibleDay"/>.</summary>
    public int ImpossibleRecords { get; init; }

    /// <summary>The newest day in Asia/Shanghai that had such a record, `yyyy-MM-dd`; null before the first.</summary>
    public string? ImpossibleDay { get; init; }

    /// <summary>Messages that could not be read and were set aside, since the pile was first registered.</summary>
    public long Unreadable { get; init; }

    /// <summary>Counts by pile.</summary>
    public static readonly Table<PileCounts> Table = new("pile_counts", StoreJson.Default.PileCounts, counts => counts.Device.ToString(), isResident: true);

    /// <summary>One more charge has gone on at a plug after it was given up.</summary>
    public PileCounts LoseCharge(int plug) =>
        this with { LostCharges = new Dictionary<int, int>(LostCharges ?? new Dictionary<int, int>()) { [plug] = (LostCharges?.GetValueOrDefault(plug) ?? 0) + 1 } };

    /// <summary>One more end record cannot be.</summary>
    public PileCounts RecordImpossible(string day) =>
        this with { ImpossibleDay = day, ImpossibleRecords = (ImpossibleDay == day ? ImpossibleRecords : 0) + 1 };

    /// <summary>How many swipes were refused in the present minute.</summary>
    public int Refused(DateTimeOffset now) => now >= SwipesSince && now - SwipesSince < SwipeWindow ? RefusedSwipes : 0;

    /// <summary>One more swipe is refused.</summary>
    public PileCounts Refuse(DateTimeOffset now) =>
        this with { RefusedSwipes = Refused(now) + 1, SwipesSince = Refused(now) == 0 ? now : SwipesSince };
}
