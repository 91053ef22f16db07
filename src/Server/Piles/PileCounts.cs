using Charging.MqttBroker;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>How much of what is limited for each pile there is of one. Kept with what it counts, which so need not be read to be counted.</summary>
public sealed record PileCounts
{
    /// <summary>The pile.</summary>
    public required DeviceNo Device { get; init; }

    /// <summary>Stops that wait although none of the pile's orders that are live is to be stopped by them.</summary>
    public int OrphanStops { get; init; }

    /// <summary>Counts by pile.</summary>
    public static readonly Table<PileCounts> Table = new("pile_counts", StoreJson.Default.PileCounts, counts => counts.Device.ToString(), isResident: true);
}
