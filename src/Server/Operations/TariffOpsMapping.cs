using Charging.Ops.V1;
using Charging.Server.Orders;

namespace Charging.Server.Operations;

/// <summary>Tariffs on the wire of the operators.</summary>
internal static class TariffOpsMapping
{
    private const int DefaultLongestSeconds = 43_200;

    /// <summary>A tariff to set, or INVALID_ARGUMENT.</summary>
    public static Orders.Tariff Read(this Ops.V1.Tariff? wire)
    {
        if (wire is null)
            throw Refusal.Invalid("tariff is not set: give its name and its price.");
        var tariff = new Orders.Tariff
        {
            Name = wire.Name.ToOwnTariff(),
            Unit = wire.Unit switch
            {
                Ops.V1.TariffUnit.Unspecified or Ops.V1.TariffUnit.Hour => Orders.TariffUnit.Hour,
                Ops.V1.TariffUnit.KilowattHour => Orders.TariffUnit.KilowattHour,
                _ => throw Refusal.Invalid($"unit is {(int)wire.Unit}: give TARIFF_UNIT_HOUR or TARIFF_UNIT_KILOWATT_HOUR."),
            },
            ElectricityFen = wire.ElectricityFen,
            ServiceFen = wire.ServiceFen,
            Tiers = wire.Tiers.Count == 0 ? null : [.. wire.Tiers.Select(tier => new Orders.PowerTier(tier.UpToW, tier.ElectricityFen, tier.ServiceFen))],
            MinimumFen = wire.HasMinimumFen ? wire.MinimumFen : null,
            CapFen = wire.HasCapFen ? wire.CapFen : null,
            LongestSeconds = wire.LongestSeconds == 0 ? DefaultLongestSeconds : wire.LongestSeconds,
            Unused = wire.UnusedTo switch
            {
                Ops.V1.UnusedTo.Unspecified or Ops.V1.UnusedTo.Origin => Orders.UnusedTo.Origin,
                Ops.V1.UnusedTo.Balance => Orders.UnusedTo.Balance,
                _ => throw Refusal.Invalid($"unused_to is {(int)wire.UnusedTo}: give UNUSED_TO_ORIGIN or UNUSED_TO_BALANCE."),
            },
        };
        return tariff.Complaint() is { } complaint ? throw Refusal.Invalid(complaint) : tariff;
    }

    /// <summary>The name of a tariff, or INVALID_ARGUMENT.</summary>
    public static string ToTariffName(this string name) => TariffAdmin.IsName(name)
        ? name
        : throw Refusal.Invalid($"name '{Refusal.Shown(name)}' is no name of a tariff: give 1 to 32 characters without blanks at the ends.");

    /// <summary>The name of a tariff that operators make, or INVALID_ARGUMENT.</summary>
    public static string ToOwnTariff(this string name) => name.ToTariffName() != Tariffs.Default
        ? name
        : throw Refusal.Invalid($"The tariff {Tariffs.Default} is that of the settings Charging:Orders:PricePerHourFen and LongestCharge: change it there, or take another name.");

    /// <summary>Insists that there is such a tariff.</summary>
    public static Orders.Tariff OrUnknown(this Orders.Tariff? tariff, string name) =>
        tariff.OrNotFound($"There is no tariff {name}: 'tariffs list' shows those that there are, 'tariffs set' makes one.");

    /// <summary>What is wrong with a removal, or nothing.</summary>
    public static void OrRefused(this TariffRemoval removal, string name)
    {
        if (removal == TariffRemoval.Done)
            return;
        throw removal == TariffRemoval.Unknown
            ? Refusal.NotFound($"There is no tariff {name}: 'tariffs list' shows those that there are.")
            : Refusal.Conflict($"A pile or a station has the tariff {name}, and it was kept: give it another with 'piles set-tariff' or 'stations change'.");
    }

    /// <summary>What a change is about.</summary>
    public static string Subject(string name) => $"tariff:{name}";

    /// <summary>A tariff, and how many piles have it.</summary>
    public static Ops.V1.Tariff ToWire(this Orders.Tariff tariff, int piles)
    {
        var wire = new Ops.V1.Tariff
        {
            Name = tariff.Name,
            Unit = tariff.Unit == Orders.TariffUnit.KilowattHour ? Ops.V1.TariffUnit.KilowattHour : Ops.V1.TariffUnit.Hour,
            ElectricityFen = tariff.ElectricityFen,
            ServiceFen = tariff.ServiceFen,
            LongestSeconds = tariff.LongestSeconds,
            UnusedTo = tariff.Unused == Orders.UnusedTo.Balance ? Ops.V1.UnusedTo.Balance : Ops.V1.UnusedTo.Origin,
            Piles = piles,
        };
        wire.Tiers.AddRange((tariff.Tiers ?? []).Select(tier => new Ops.V1.PowerTier { UpToW = tier.UpToW, ElectricityFen = tier.ElectricityFen, ServiceFen = tier.ServiceFen }));
        if (tariff.MinimumFen is { } minimum)
            wire.MinimumFen = minimum;
        if (tariff.CapFen is { } cap)
            wire.CapFen = cap;
        return wire;
    }

    /// <summary>What an amount buys and a use costs, or INVALID_ARGUMENT.</summary>
    public static Quote Quote(this Orders.Tariff tariff, QuoteTariffRequest request, int limitFen)
    {
        if (request.PaidFen < 1 || request.PaidFen > limitFen)
            throw Refusal.Invalid($"paid_fen is {request.PaidFen}: give 1 to {limitFen}, the highest payment (Charging:Orders:LimitFen).");
        if (request.Seconds < 0 || request.EnergyWh < 0 || request.MaxPowerW < 0)
            throw Refusal.Invalid("seconds, energy_wh or max_power_w is below 0: give what was used.");
        var limits = tariff.Limits(request.PaidFen);
        var used = tariff.Used(request.PaidFen, request.Seconds, request.EnergyWh, request.MaxPowerW);
        return new Quote
        {
            MaxSeconds = limits.Seconds,
            MaxEnergyWh = limits.EnergyWh,
            MaxPowerW = limits.PowerW,
            UsedFen = used.Fen,
            ServiceFen = used.ServiceFen,
            BackFen = request.PaidFen - used.Fen,
        };
    }
}
