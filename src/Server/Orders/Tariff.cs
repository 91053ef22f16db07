using Charging.Server.Calls;

namespace Charging.Server.Orders;

/// <summary>What a tariff prices.</summary>
public enum TariffUnit
{
    /// <summary>An hour of charging.</summary>
    Hour,

    /// <summary>A kilowatt-hour of energy.</summary>
    KilowattHour,
}

/// <summary>Where the unused part of a payment from the phone goes at the end of a charge.</summary>
public enum UnusedTo
{
    /// <summary>Back through the payment provider, to where it came from.</summary>
    Origin,

    /// <summary>To the rider's balance.</summary>
    Balance,
}

/// <summary>The price of an hour at a power. Tiers are judged by the highest power of the whole charge.</summary>
/// <param name="UpToW">Up to this power, in watts, included.</param>
/// <param name="ElectricityFen">Price of an hour, in fen, without the service fee.</param>
/// <param name="ServiceFen">Service fee of an hour, in fen.</param>
public sealed record PowerTier(int UpToW, int ElectricityFen, int ServiceFen);

/// <summary>What a charge used, in fen.</summary>
/// <param name="Fen">In all, at most what was paid.</param>
/// <param name="ServiceFen">How much of it is the service fee.</param>
public readonly record struct Usage(long Fen, long ServiceFen);

/// <summary>Where a pile ends a charge by itself, also without a network. 0 is no limit.</summary>
/// <param name="Seconds">Longest time, in seconds, at least 1.</param>
/// <param name="EnergyWh">Most energy, in watt-hours.</param>
/// <param name="PowerW">Highest power, in watts.</param>
public readonly record struct ChargeLimits(int Seconds, int EnergyWh, int PowerW);

/// <summary>
/// What a charge costs. It is frozen into the order at the reservation, so a new price never reaches an order that is made.
/// Amounts are fen; what is used is rounded down, which is in the rider's favour, but is at least 1 fen.
/// </summary>
public sealed record Tariff
{
    /// <summary>Its name, 1 to 32 characters; `default` is that of the settings.</summary>
    public required string Name { get; init; }

    /// <summary>What is priced.</summary>
    public TariffUnit Unit { get; init; }

    /// <summary>Price of a unit without the service fee, in fen. With tiers, of an hour above the last one; 0 there: the pile ends such a charge.</summary>
    public int ElectricityFen { get; init; }

    /// <summary>Service fee of a unit, in fen.</summary>
    public int ServiceFen { get; init; }

    /// <summary>Prices of an hour by power, rising; null when power makes no difference. Only with <see cref="TariffUnit.Hour"/>.</summary>
    public IReadOnlyList<PowerTier>? Tiers { get; init; }

    /// <summary>What a charge costs at least, in fen, once it has given anything; null for no minimum.</summary>
    public int? MinimumFen { get; init; }

    /// <summary>What a charge costs at most, in fen; null for no cap.</summary>
    public int? CapFen { get; init; }

    /// <summary>Longest charge, in seconds, whatever was paid.</summary>
    public required int LongestSeconds { get; init; }

    /// <summary>Where the unused part of a payment from the phone goes.</summary>
    public UnusedTo Unused { get; init; }

    /// <summary>What a charge has used of its payment.</summary>
    public Usage Used(long paidFen, int seconds, int energyWh, int maxPowerW)
    {
        var (amount, unit) = Unit == TariffUnit.Hour ? (seconds, 3600L) : (energyWh, 1000L);
        // Who got nothing of what is priced pays nothing, whatever the minimum; who got anything pays something.
        if (amount <= 0)
            return default;
        var (electricity, service) = PriceAt(maxPowerW);
        var metered = (electricity + service) * (long)amount / unit;
        var fen = Math.Min(paidFen, Math.Min(CapFen ?? long.MaxValue, Math.Max(Math.Max(MinimumFen ?? 0, 1), metered)));
        return new Usage(fen, electricity + service == 0 ? 0 : fen * service / (electricity + service));
    }

    /// <summary>
    /// Where the pile ends a charge that was paid. Priced by power, the time is that of the cheapest tier and the energy the
    /// most that any tier gives for the money; a dearer tier is ended by the server, which sees the power.
    /// </summary>
    public ChargeLimits Limits(long paidFen)
    {
        if (CapFen is { } cap && paidFen >= cap)
            return new ChargeLimits(LongestSeconds, 0, HighestW);
        if (Unit == TariffUnit.KilowattHour)
            return new ChargeLimits(LongestSeconds, (int)Math.Min(Units(paidFen, 1000, ElectricityFen + ServiceFen), int.MaxValue), 0);
        if (Tiers is null)
            return new ChargeLimits(Seconds(paidFen, ElectricityFen + ServiceFen), 0, 0);
        // Rounded up, as the time is: the last watt-hour was paid for too.
        var energy = Tiers.Max(tier => (((long)tier.UpToW * Seconds(paidFen, tier.ElectricityFen + tier.ServiceFen)) + 3599) / 3600);
        var seconds = Tiers.Max(tier => Seconds(paidFen, tier.ElectricityFen + tier.ServiceFen));
        return EndsAboveTiers
            ? new ChargeLimits(seconds, (int)Math.Clamp(energy, 1, int.MaxValue), HighestW)
            : new ChargeLimits(Math.Max(seconds, Seconds(paidFen, ElectricityFen + ServiceFen)), 0, 0);
    }

    /// <summary>How long a payment lasts at the tier of a power, in seconds; null when power makes no difference.</summary>
    public int? SecondsAt(long paidFen, int maxPowerW)
    {
        if (Tiers is null || (CapFen is { } cap && paidFen >= cap))
            return null;
        var (electricity, service) = PriceAt(maxPowerW);
        return Seconds(paidFen, electricity + service);
    }

    /// <summary>One sentence about the first value that makes no sense; null when all do.</summary>
    public string? Complaint()
    {
        const int Most = 100_000;
        if (!Text.IsClean(Name, 32))
            return "A name is 1 to 32 characters.";
        if (!Enum.IsDefined(Unit) || !Enum.IsDefined(Unused))
            return "What is priced, or where the unused part goes, is not known.";
        var prices = (Tiers ?? []).SelectMany(tier => new[] { tier.ElectricityFen, tier.ServiceFen }).Concat([ElectricityFen, ServiceFen, MinimumFen ?? 0, CapFen ?? 1]);
        if (prices.Any(price => price is < 0 or > Most))
            return $"A price is not between 0 and {Most} fen.";
        if (LongestSeconds is < 60 or > 172_800)
            return "The longest charge is not between 60 and 172800 seconds.";
        if (Tiers is not null && (Unit != TariffUnit.Hour || Tiers.Count is 0 or > 10 || Tiers.Zip(Tiers.Skip(1)).Any(pair => pair.First.UpToW >= pair.Second.UpToW) || Tiers[0].UpToW < 1))
            return "Power tiers are 1 to 10, rise by their power, and go with a price by the hour.";
        if (PricesFall)
            return "A price falls with the power: a higher tier costs at least as much.";
        if (MinimumFen > CapFen)
            return "The minimum is above the cap.";
        return CapFen is 0 || (Tiers is null && ElectricityFen + ServiceFen == 0) || (Tiers is not null && Tiers.Any(tier => tier.ElectricityFen + tier.ServiceFen == 0))
            ? "A price is 0, so that a payment would last for ever: give the price of a unit in fen."
            : null;
    }

    // A charge that has drawn much must not become cheaper by drawing more.
    private bool PricesFall
    {
        get
        {
            int[] prices = [.. (Tiers ?? []).Select(tier => tier.ElectricityFen + tier.ServiceFen), .. EndsAboveTiers ? [] : new[] { ElectricityFen + ServiceFen }];
            return prices.Zip(prices.Skip(1)).Any(pair => pair.First > pair.Second);
        }
    }

    private bool EndsAboveTiers => Tiers is not null && ElectricityFen + ServiceFen == 0;

    private int HighestW => EndsAboveTiers ? Tiers![^1].UpToW : 0;

    private (int ElectricityFen, int ServiceFen) PriceAt(int maxPowerW) =>
        (Tiers?.FirstOrDefault(tier => maxPowerW <= tier.UpToW) ?? (EndsAboveTiers ? Tiers![^1] : null)) is { } tier
            ? (tier.ElectricityFen, tier.ServiceFen)
            : (ElectricityFen, ServiceFen);

    private int Seconds(long paidFen, int priceFen) => (int)Math.Min(Units(paidFen, 3600, priceFen), LongestSeconds);

    // Rounded up: what was paid is given whole.
    private static long Units(long paidFen, long unit, int priceFen) =>
        priceFen == 0 ? int.MaxValue : Math.Max(1, ((paidFen * unit) + priceFen - 1) / priceFen);
}
