using System.Globalization;
using Charging.Server.Payments;
using Wire = Charging.Miniprogram.V1;

namespace Charging.Server.Orders;

/// <summary>Tariffs on the wire of the mini-program, and in the words that a rider reads before paying.</summary>
public static class TariffMapping
{
    /// <summary>A tariff.</summary>
    public static Wire.Tariff ToWire(this Tariff tariff)
    {
        var wire = new Wire.Tariff
        {
            Text = tariff.ToText(),
            Unit = tariff.Unit == TariffUnit.Hour ? "hour" : "kilowattHour",
            Electricity = Fen.ToYuan(tariff.ElectricityFen),
            Service = Fen.ToYuan(tariff.ServiceFen),
            Minimum = Fen.ToYuan(tariff.MinimumFen ?? 0),
            Cap = Fen.ToYuan(tariff.CapFen ?? 0),
            LongestSeconds = tariff.LongestSeconds,
            Unused = tariff.Unused == UnusedTo.Origin ? "origin" : "balance",
        };
        wire.Tiers.AddRange((tariff.Tiers ?? []).Select(tier => new Wire.PowerTier
        {
            UpToW = tier.UpToW,
            Electricity = Fen.ToYuan(tier.ElectricityFen),
            Service = Fen.ToYuan(tier.ServiceFen),
        }));
        return wire;
    }

    /// <summary>A tariff in words, such as `0.25元/小时，最长12小时`.</summary>
    public static string ToText(this Tariff tariff)
    {
        IEnumerable<string> parts = tariff.Tiers is { } tiers
            ? [.. tiers.Select(tier => $"{tier.UpToW}瓦及以下{Price(tier.ElectricityFen, tier.ServiceFen, tariff.Unit)}"), Above(tariff, tiers[^1].UpToW)]
            : [Price(tariff.ElectricityFen, tariff.ServiceFen, tariff.Unit)];
        if (tariff.MinimumFen is > 0 and var minimum)
            parts = parts.Append($"最低消费{Yuan(minimum)}");
        if (tariff.CapFen is { } cap)
            parts = parts.Append($"最高消费{Yuan(cap)}");
        return string.Join('，', parts.Append($"最长{Duration(tariff.LongestSeconds)}"));
    }

    private static string Above(Tariff tariff, int powerW) => tariff.ElectricityFen + tariff.ServiceFen == 0
        ? $"超过{powerW}瓦停止充电"
        : $"超过{powerW}瓦{Price(tariff.ElectricityFen, tariff.ServiceFen, tariff.Unit)}";

    private static string Price(int electricityFen, int serviceFen, TariffUnit unit)
    {
        var price = $"{Yuan(electricityFen + serviceFen)}/{(unit == TariffUnit.Hour ? "小时" : "度")}";
        return serviceFen == 0 ? price : $"{price}（含服务费{Yuan(serviceFen)}）";
    }

    private static string Yuan(long fen) => string.Create(CultureInfo.InvariantCulture, $"{fen / 100m:0.##}元");

    private static string Duration(int seconds)
    {
        var (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        return string.Concat(
            hours > 0 ? $"{hours}小时" : "",
            minutes > 0 ? $"{minutes}分钟" : "",
            rest > 0 ? $"{rest}秒" : "");
    }
}
