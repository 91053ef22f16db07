using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Server.Stations;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>What became of a tariff's removal.</summary>
public enum TariffRemoval
{
    /// <summary>It is gone.</summary>
    Done,

    /// <summary>There was none.</summary>
    Unknown,

    /// <summary>A pile or a station has it.</summary>
    InUse,
}

/// <summary>What operators do with tariffs. Orders keep the one that they were made with.</summary>
public sealed class TariffAdmin(IStore store, PileRegistry piles, StationIndex stations, OrderOptions options)
{
    private const int LongestName = 32;
    private const int Slice = 200;

    /// <summary>Whether a tariff may be called so.</summary>
    public static bool IsName(string name) => name == name.Trim() && Text.IsName(name, LongestName);

    /// <summary>A tariff, also that of the settings; null when there is none.</summary>
    public async Task<Tariff?> FindAsync(string name) =>
        name == Tariffs.Default ? options.DefaultTariff : await store.RunAsync(tx => tx.GetAsync(Tariffs.Table, name));

    /// <summary>The name of the tariff that a pile has now: its own, else its station's, else that of the settings.</summary>
    public string NameOf(Pile pile) => pile.Tariff ?? (pile.Station is { } station ? stations.Find(station)?.Tariff : null) ?? Tariffs.Default;

    /// <summary>How many piles have a tariff.</summary>
    public int PilesWith(string name) => piles.All.Count(pile => pile.RetiredAt is null && NameOf(pile) == name);

    /// <summary>Removes a tariff that no pile and no station has, inside an operation.</summary>
    public static async ValueTask<TariffRemoval> RemoveAsync(ITransaction tx, string name)
    {
        if (await tx.GetAsync(Tariffs.Table, name) is null)
            return TariffRemoval.Unknown;
        if (await IsInUseAsync(tx, name))
            return TariffRemoval.InUse;
        tx.Delete(Tariffs.Table, name);
        return TariffRemoval.Done;
    }

    /// <summary>Gives a pile a tariff inside an operation, for orders that are made from now on.</summary>
    /// <param name="tx">The operation.</param>
    /// <param name="pile">The pile.</param>
    /// <param name="name">The tariff; null for none of its own.</param>
    /// <returns>The pile as it is now; null when there is no such tariff.</returns>
    public static async ValueTask<Pile?> AssignAsync(ITransaction tx, Pile pile, string? name)
    {
        if (name is not null && await tx.GetAsync(Tariffs.Table, name) is null)
            return null;
        pile = pile with { Tariff = name };
        tx.Put(PileTables.Piles, pile);
        return pile;
    }

    // In the same transaction as the removal, or a pile could get it in between; piles and stations are in memory, and it is rarely asked.
    private static async ValueTask<bool> IsInUseAsync(ITransaction tx, string name)
    {
        for (string? from = ""; from is not null;)
        {
            var slice = await tx.ListAsync(PileTables.Piles.ByKey, new KeyRange(from, KeyRange.End), Slice);
            if (slice.Any(pile => pile.Tariff == name && pile.RetiredAt is null))
                return true;
            from = slice.Count < Slice ? null : slice[^1].Device + " ";
        }
        for (string? from = ""; from is not null;)
        {
            var slice = await tx.ListAsync(StationTables.Stations.ByKey, new KeyRange(from, KeyRange.End), Slice);
            if (slice.Any(station => station.Tariff == name))
                return true;
            from = slice.Count < Slice ? null : slice[^1].Id + " ";
        }
        return false;
    }
}
