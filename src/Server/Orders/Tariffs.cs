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
        var name = await NameAsync(tx, pile?.Tariff, pile?.Station);
        return (name is null ? null : await tx.GetAsync(Table, name)) ?? options.DefaultTariff;
    }

    /// <summary>The name of the tariff of a pile that has this one of its own, or none, and is at this station, or at none; null for that of the settings.</summary>
    public static async ValueTask<string?> NameAsync(ITransaction tx, string? own, string? station) =>
        own ?? (station is null ? null : (await tx.GetAsync(StationTables.Stations, station))?.Tariff);
}
