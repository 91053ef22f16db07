namespace Charging.PileSimulator;

/// <summary>A pile that a server knows.</summary>
/// <param name="DeviceNo">Device number.</param>
/// <param name="Secret">The pile's secret.</param>
public readonly record struct PileIdentity(string DeviceNo, string Secret);

/// <summary>Many piles and what happens to them. Rates are per pile and hour; 0 is never.</summary>
public sealed record SimulatedFleetOptions
{
    /// <summary>The piles.</summary>
    public required IReadOnlyList<PileIdentity> Piles { get; init; }

    /// <summary>Makes the options of one pile: where it connects, how it writes, how fast it charges.</summary>
    public required Func<PileIdentity, SimulatedPileOptions> PileOptions { get; init; }

    /// <summary>The same seed and the same piles give the same events at the same times.</summary>
    public int Seed { get; init; }

    /// <summary>Cards that are held to the readers. Without any nobody swipes.</summary>
    public IReadOnlyList<string> Cards { get; init; } = [];

    /// <summary>Swipes of a card of <see cref="Cards"/>, at any plug.</summary>
    public double SwipesPerHour { get; init; }

    /// <summary>Vehicles that are unplugged, whether they charge or not; the next one comes after <see cref="Away"/>.</summary>
    public double UnplugsPerHour { get; init; }

    /// <summary>Reboots.</summary>
    public double RebootsPerHour { get; init; }

    /// <summary>Links that are lost for <see cref="Away"/>.</summary>
    public double LostLinksPerHour { get; init; }

    /// <summary>How long a vehicle or a link stays away.</summary>
    public TimeSpan Away { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Share of the results that come late, 0 to 1.</summary>
    public double SlowAnswers { get; init; }

    /// <summary>How late a slow answer comes: longer than a server waits.</summary>
    public TimeSpan SlowAnswerDelay { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>The clock of what happens.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>What has happened to a fleet.</summary>
/// <param name="Piles">How many piles there are.</param>
/// <param name="Connected">How many of them are connected now.</param>
/// <param name="Swipes">Cards held to a reader.</param>
/// <param name="Unplugs">Vehicles unplugged.</param>
/// <param name="Reboots">Reboots.</param>
/// <param name="LostLinks">Links lost.</param>
/// <param name="Totals">What the piles counted.</param>
public sealed record FleetTotals(int Piles, int Connected, long Swipes, long Unplugs, long Reboots, long LostLinks, PileTotals Totals);
