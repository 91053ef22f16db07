using Charging.Server.Storage;

namespace Charging.Server.Stations;

/// <summary>Where stations are kept.</summary>
public static class StationTables
{
    /// <summary>Stations by id.</summary>
    public static readonly Table<Station> Stations = new("stations", StoreJson.Default.Station, station => station.Id, isResident: true);
}
