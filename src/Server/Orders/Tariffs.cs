using Charging.Server.Piles;
using Charging.Server.Stations;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>The tariffs that operators have made, and which one a pile has.</summary>
public sealed class Tariffs(OrderOptions options)
{
    /// <summary>The name of the tariff that the settings describe.</summary>
    public const string Default = "default";

    /// <summary>Tariffs by name.</summary>
    public static readonly Table<Tariff> Table = new("tariffs", StoreJson.Default.Tariff, tariff => tariff.Name, isResident: true);

    /// <summary>The tariff of a pile as it is now.</summary>
    public async ValueTask<Tariff> OfAsync(ITransaction tx, Pile? pile)
    {
        var name = pile?.Tariff;
        if (name is null && pile?.Station is { } station)
            name = (await tx.GetAsync(StationTables.Stations, station))?.Tariff;
        return (name is null ? null : await tx.GetAsync(Table, name)) ?? options.DefaultTariff;
    }
}
