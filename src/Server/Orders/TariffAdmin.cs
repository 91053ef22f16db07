using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>What became of a tariff's removal.</summary>
public enum TariffRemoval
{
    /// <summary>It is gone.</summary>
    Done,

    /// <summary>There was none.</summary>
    Unknown,

    /// <summary>A pile has it.</summary>
    InUse,
}

/// <summary>What operators do with tariffs. Orders keep the one that they were made with.</summary>
public sealed class TariffAdmin(IStore store, PileRegistry piles, OrderOptions options)
{
    private const int LongestName = 32;
    private const int Slice = 200;

    /// <summary>Whether a tariff may be called so.</summary>
    public static bool IsName(string name) => name.Length > 0 && name == name.Trim() && Text.IsClean(name, LongestName);

    /// <summary>Makes a tariff, or replaces it. It makes sense, and is not called `default`.</summary>
    public Task<Tariff> SetAsync(Tariff tariff) => store.RunAsync(tx =>
    {
        tx.Put(Tariffs.Table, tariff);
        return ValueTask.FromResult(tariff);
    });

    /// <summary>A tariff, also that of the settings; null when there is none.</summary>
    public async Task<Tariff?> FindAsync(string name) =>
        name == Tariffs.Default ? options.DefaultTariff : await store.RunAsync(tx => tx.GetAsync(Tariffs.Table, name));

    /// <summary>How many piles have a tariff.</summary>
    public int PilesWith(string name) => piles.All.Count(pile => (pile.Tariff ?? Tariffs.Default) == name);

    /// <summary>Removes a tariff that no pile has.</summary>
    public Task<TariffRemoval> RemoveAsync(string name) => store.RunAsync(async tx =>
    {
        if (await tx.GetAsync(Tariffs.Table, name) is null)
            return TariffRemoval.Unknown;
        if (await IsInUseAsync(tx, name))
            return TariffRemoval.InUse;
        tx.Delete(Tariffs.Table, name);
        return TariffRemoval.Done;
    });

    /// <summary>Gives a pile a tariff, for orders that are made from now on.</summary>
    /// <param name="device">The pile.</param>
    /// <param name="name">The tariff; null for that of the settings.</param>
    /// <returns>Whether there are such a pile and such a tariff.</returns>
    public Task<bool> AssignAsync(DeviceNo device, string? name) => store.RunAsync(async tx =>
    {
        if (await tx.GetAsync(PileTables.Piles, device.ToString()) is not { } pile || (name is not null && await tx.GetAsync(Tariffs.Table, name) is null))
            return false;
        tx.Put(PileTables.Piles, pile with { Tariff = name });
        return true;
    });

    // In the same transaction as the removal, or a pile could get it in between; the piles are in memory, and it is rarely asked.
    private static async ValueTask<bool> IsInUseAsync(ITransaction tx, string name)
    {
        for (string? from = ""; from is not null;)
        {
            var slice = await tx.ListAsync(PileTables.Piles.ByKey, new KeyRange(from, KeyRange.End), Slice);
            if (slice.Any(pile => pile.Tariff == name))
                return true;
            from = slice.Count < Slice ? null : slice[^1].Device + " ";
        }
        return false;
    }
}
