using System.Collections.Concurrent;
using Charging.Server.Storage;

namespace Charging.Server.Stations;

/// <summary>The stations, in memory, to look around in. It follows the store.</summary>
public sealed class StationIndex : IStoreObserver
{
    private readonly ConcurrentDictionary<string, Station> _stations = new(StringComparer.Ordinal);

    /// <summary>A station, or null when there is none.</summary>
    public Station? Find(string id) => _stations.GetValueOrDefault(id);

    /// <summary>The stations around a place, the nearest first.</summary>
    /// <param name="from">The place.</param>
    /// <param name="radiusM">How far to look, in metres.</param>
    /// <param name="limit">Most stations.</param>
    public IReadOnlyList<(Station Station, double DistanceM)> Nearest(Place from, double radiusM, int limit) =>
    [
        .. _stations.Values
            .Where(station => station.Place is { } place && from.MayBeNear(place, radiusM))
            .Select(station => (Station: station, DistanceM: from.DistanceTo(station.Place!.Value)))
            .Where(near => near.DistanceM <= radiusM)
            .OrderBy(near => near.DistanceM).ThenBy(near => near.Station.Id, StringComparer.Ordinal)
            .Take(limit),
    ];

    /// <inheritdoc/>
    public async Task LoadAsync(IStore store, CancellationToken cancellationToken)
    {
        await foreach (var station in store.ScanAsync(StationTables.Stations.ByKey, cancellationToken))
            _stations[station.Id] = station;
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            if (!ReferenceEquals(change.Table, StationTables.Stations))
                continue;
            if (change.Entity is Station station)
                _stations[station.Id] = station;
            else
                _stations.TryRemove(change.Key, out _);
        }
    }
}
