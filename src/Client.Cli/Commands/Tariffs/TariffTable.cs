using Charging.Ops.V1;
using Spectre.Console;

namespace Charging.Client.Cli.Commands.Tariffs;

/// <summary>How a tariff looks.</summary>
internal static class TariffTable
{
    /// <summary>Writes all of it.</summary>
    public static void Write(IAnsiConsole console, Tariff tariff) => console.Fields(
        ("tariff", tariff.Name),
        ("price ¥", Price(tariff)),
        ("at least ¥", tariff.HasMinimumFen ? Format.Yuan(tariff.MinimumFen) : Format.None),
        ("at most ¥", tariff.HasCapFen ? Format.Yuan(tariff.CapFen) : Format.None),
        ("longest charge", Format.Duration(tariff.LongestSeconds)),
        ("unused part goes to", tariff.UnusedTo == UnusedTo.Balance ? "the balance" : "where it came from"),
        ("piles", Format.Number(tariff.Piles)));

    /// <summary>Its price in a line: electricity and service fee.</summary>
    public static string Price(Tariff tariff)
    {
        var unit = tariff.Unit == TariffUnit.KilowattHour ? "kWh" : "hour";
        var flat = $"{Sum(tariff.ElectricityFen, tariff.ServiceFen)} an {unit}".Replace("an kWh", "a kWh");
        if (tariff.Tiers.Count == 0)
            return flat;
        var tiers = tariff.Tiers.Select(tier => $"to {tier.UpToW} W {Sum(tier.ElectricityFen, tier.ServiceFen)}");
        var above = tariff.ElectricityFen + tariff.ServiceFen == 0 ? "no power above" : $"above {Sum(tariff.ElectricityFen, tariff.ServiceFen)}";
        return $"an hour {string.Join(", ", tiers)}, {above}";
    }

    private static string Sum(int electricityFen, int serviceFen) =>
        serviceFen == 0 ? Format.Yuan(electricityFen) : $"{Format.Yuan(electricityFen)} + {Format.Yuan(serviceFen)} service";
}
