using Charging.Server.Orders;
using CsCheck;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>What a charge costs, to the fen.</summary>
public sealed class TariffTests
{
    private static readonly Tariff ByHour = new() { Name = "hour", ElectricityFen = 25, LongestSeconds = 43_200 };

    private static readonly Tariff ByEnergy = new() { Name = "energy", Unit = TariffUnit.KilowattHour, ElectricityFen = 90, ServiceFen = 30, LongestSeconds = 43_200 };

    private static readonly Tariff ByPower = new()
    {
        Name = "power",
        Tiers = [new PowerTier(200, 20, 5), new PowerTier(500, 40, 10)],
        LongestSeconds = 43_200,
    };

    private static readonly Tariff AboveTiers = ByPower with { ElectricityFen = 80, ServiceFen = 20 };

    private static readonly Gen<Tariff> GenTariff = Gen.Select(Gen.Int[0, 4], Gen.Int[1, 500], Gen.Int[0, 200], Gen.Int[60, 172_800], Gen.Int[-300, 2000], Gen.Int[-300, 3000], Prices(4)).Select(
        (kind, price, service, longest, minimum, cap, tiers) => new Tariff
        {
            Name = "generated",
            Unit = kind == 1 ? TariffUnit.KilowattHour : TariffUnit.Hour,
            ElectricityFen = kind == 4 ? 0 : kind == 3 ? 1000 + price : price,
            ServiceFen = kind == 4 ? 0 : service,
            Tiers = kind < 3 ? null : tiers,
            LongestSeconds = longest,
            MinimumFen = minimum <= 0 ? null : Math.Min(minimum, cap <= 0 ? int.MaxValue : cap),
            CapFen = cap <= 0 ? null : cap,
        });

    private static readonly Gen<(Tariff Tariff, long PaidFen, int Seconds, int EnergyWh, int PowerW)> GenCharge =
        Gen.Select(GenTariff, Gen.Long[1, 100_000], Gen.Int[0, 200_000], Gen.Int[0, 50_000], Gen.Int[0, 4000]);

    [Theory]
    [InlineData(100, 0, 0)]
    [InlineData(100, 1, 1)]
    [InlineData(100, 144, 1)]
    [InlineData(100, 287, 1)]
    [InlineData(100, 288, 2)]
    [InlineData(100, 3600, 25)]
    [InlineData(100, 14_399, 99)]
    [InlineData(100, 14_400, 100)]
    [InlineData(100, 20_000, 100)]
    public void By_the_hour_each_begun_fen_but_the_first_is_the_riders(long paidFen, int seconds, long fen) =>
        Assert.Equal(new Usage(fen, 0), ByHour.Used(paidFen, seconds, 9999, 9999));

    [Theory]
    [InlineData(500, 0, 0, 0)]
    [InlineData(500, 1, 1, 0)]
    [InlineData(500, 16, 1, 0)]
    [InlineData(500, 17, 2, 0)]
    [InlineData(500, 1000, 120, 30)]
    [InlineData(500, 1500, 180, 45)]
    [InlineData(500, 4167, 500, 125)]
    [InlineData(101, 4167, 101, 25)]
    public void By_energy_the_service_fee_is_a_part_of_the_price(long paidFen, int energyWh, long fen, long serviceFen) =>
        Assert.Equal(new Usage(fen, serviceFen), ByEnergy.Used(paidFen, 7200, energyWh, 0));

    [Theory]
    [InlineData(0, 25, 5)]
    [InlineData(200, 25, 5)]
    [InlineData(201, 50, 10)]
    [InlineData(500, 50, 10)]
    [InlineData(501, 100, 20)]
    public void The_highest_power_decides_the_tier_of_the_whole_charge(int powerW, long fen, long serviceFen) =>
        Assert.Equal(new Usage(fen, serviceFen), AboveTiers.Used(1000, 3600, 150, powerW));

    /// <summary>The pile ends it within seconds; what it draws in them is not priced at nothing.</summary>
    [Fact]
    public void Above_tiers_that_end_there_the_last_one_is_the_price() =>
        Assert.Equal(new Usage(50, 10), ByPower.Used(1000, 3600, 150, 9000));

    [Fact]
    public void A_minimum_is_for_whoever_got_anything_and_never_above_the_payment()
    {
        var tariff = ByHour with { MinimumFen = 50 };
        Assert.Equal(0, tariff.Used(100, 0, 0, 0).Fen);
        Assert.Equal(50, tariff.Used(100, 1, 0, 0).Fen);
        Assert.Equal(50, tariff.Used(100, 7200, 300, 180).Fen);
        Assert.Equal(75, tariff.Used(100, 10_800, 300, 180).Fen);
        Assert.Equal(30, tariff.Used(30, 60, 300, 180).Fen);
        var energy = ByEnergy with { MinimumFen = 50 };
        Assert.Equal(0, energy.Used(100, 600, 0, 0).Fen);
        Assert.Equal(50, energy.Used(100, 600, 1, 10).Fen);
    }

    [Fact]
    public void A_cap_ends_the_price_and_not_the_charge()
    {
        var tariff = ByHour with { CapFen = 100 };
        Assert.Equal(100, tariff.Used(500, 40_000, 300, 180).Fen);
        Assert.Equal(99, tariff.Used(500, 14_399, 300, 180).Fen);
        Assert.Equal(new ChargeLimits(43_200, 0, 0), tariff.Limits(100));
        Assert.Equal(new ChargeLimits(14_256, 0, 0), tariff.Limits(99));
        Assert.Equal(new ChargeLimits(43_200, 0, 500), (ByPower with { CapFen = 100 }).Limits(100));
        Assert.Null((ByPower with { CapFen = 100 }).SecondsAt(100, 300));
    }

    [Fact]
    public void The_limits_are_what_the_payment_buys_rounded_up()
    {
        Assert.Equal(new ChargeLimits(14_400, 0, 0), ByHour.Limits(100));
        Assert.Equal(new ChargeLimits(144, 0, 0), ByHour.Limits(1));
        Assert.Equal(new ChargeLimits(43_200, 0, 0), ByHour.Limits(100_000));
        Assert.Equal(new ChargeLimits(43_200, 842, 0), ByEnergy.Limits(101));
        Assert.Equal(new ChargeLimits(1, 0, 0), (ByHour with { ElectricityFen = 100_000 }).Limits(1));
    }

    /// <summary>The pile does not know the tiers: it gets what the cheapest gives, and the server ends the dearer ones.</summary>
    [Fact]
    public void With_tiers_the_pile_gets_the_longest_of_them()
    {
        // 2.02 yuan: 29,088 s at 0.25 yuan, 14,544 s at 0.50; 200 W for the one and 500 W for the other.
        Assert.Equal(new ChargeLimits(29_088, 2020, 500), ByPower.Limits(202));
        Assert.Equal(new ChargeLimits(29_088, 0, 0), AboveTiers.Limits(202));
        Assert.Equal((29_088, 14_544, 7272), (AboveTiers.SecondsAt(202, 200), AboveTiers.SecondsAt(202, 201), AboveTiers.SecondsAt(202, 501)));
        Assert.Null(ByHour.SecondsAt(202, 9000));
    }

    [Fact]
    public void No_charge_uses_more_than_was_paid_nor_has_a_fee_above_its_price() => GenCharge.Sample(charge =>
    {
        var used = charge.Tariff.Used(charge.PaidFen, charge.Seconds, charge.EnergyWh, charge.PowerW);
        return charge.Tariff.Complaint() is null && used.Fen >= 0 && used.Fen <= charge.PaidFen
            && used.ServiceFen >= 0 && used.ServiceFen <= used.Fen && used.Fen <= (charge.Tariff.CapFen ?? long.MaxValue);
    });

    [Fact]
    public void Whoever_charges_on_never_pays_less() => Gen.Select(GenCharge, Gen.Int[0, 5000], Gen.Int[0, 5000], Gen.Int[0, 500]).Sample((charge, seconds, energyWh, powerW) =>
    {
        var (tariff, paidFen) = (charge.Tariff, charge.PaidFen);
        var before = tariff.Used(paidFen, charge.Seconds, charge.EnergyWh, charge.PowerW);
        var after = tariff.Used(paidFen, charge.Seconds + seconds, charge.EnergyWh + energyWh, charge.PowerW + powerW);
        return after.Fen >= before.Fen;
    });

    [Fact]
    public void Who_got_anything_pays_something() => GenCharge.Sample(charge =>
        charge.Tariff.Used(charge.PaidFen, Math.Max(1, charge.Seconds), Math.Max(1, charge.EnergyWh), charge.PowerW).Fen >= Math.Min(charge.PaidFen, Math.Max(charge.Tariff.MinimumFen ?? 0, 1)));

    [Fact]
    public void A_charge_that_gave_nothing_costs_nothing() => GenCharge.Sample(charge =>
        charge.Tariff.Used(charge.PaidFen, 0, 0, charge.PowerW) == default);

    /// <summary>At every power, as far as the pile or, by the tier, the server lets it run.</summary>
    [Fact]
    public void A_charge_that_runs_to_its_limits_uses_exactly_what_was_paid() => GenCharge.Sample(charge =>
    {
        var tariff = charge.Tariff with { CapFen = null, MinimumFen = null };
        var limits = tariff.Limits(charge.PaidFen);
        var power = limits.PowerW > 0 ? Math.Min(charge.PowerW, limits.PowerW) : charge.PowerW;
        var seconds = Math.Min(limits.Seconds, tariff.SecondsAt(charge.PaidFen, power) ?? int.MaxValue);
        var used = tariff.Used(charge.PaidFen, seconds, limits.EnergyWh, power).Fen;
        // Short of that only where the longest charge ends it.
        return tariff.Unit == TariffUnit.Hour && seconds == tariff.LongestSeconds ? used <= charge.PaidFen : used == charge.PaidFen;
    });

    /// <summary>The pile's own limit of energy must not end what the time still gives.</summary>
    [Fact]
    public void Within_a_tier_the_energy_never_runs_out_before_the_time() => GenCharge.Where(charge => charge.Tariff is { Tiers: not null, ElectricityFen: 0 }).Sample(charge =>
    {
        var tariff = charge.Tariff with { CapFen = null };
        var limits = tariff.Limits(charge.PaidFen);
        return tariff.Tiers!.All(tier => (long)tier.UpToW * tariff.SecondsAt(charge.PaidFen, tier.UpToW)!.Value <= limits.EnergyWh * 3600L);
    });

    [Fact]
    public void What_the_settings_describe_makes_sense()
    {
        Assert.All([ByHour, ByEnergy, ByPower, AboveTiers, new OrderOptions().DefaultTariff], tariff => Assert.Null(tariff.Complaint()));
        Assert.Equal("0.25元/小时，最长12小时", new OrderOptions().DefaultTariff.ToText());
    }

    [Fact]
    public void Every_bad_value_is_complained_of()
    {
        Tariff[] bad =
        [
            ByHour with { Name = "" }, ByHour with { Name = new string('x', 33) }, ByHour with { Name = "a\nb" },
            ByHour with { Unit = (TariffUnit)7 }, ByHour with { Unused = (UnusedTo)7 },
            ByHour with { ElectricityFen = -1 }, ByHour with { ElectricityFen = 100_001 }, ByHour with { ElectricityFen = 0 },
            ByHour with { ServiceFen = -1 }, ByHour with { ServiceFen = 100_001 },
            ByHour with { MinimumFen = -1 }, ByHour with { MinimumFen = 100_001 },
            ByHour with { CapFen = -1 }, ByHour with { CapFen = 0 }, ByHour with { CapFen = 100_001 },
            ByHour with { MinimumFen = 101, CapFen = 100 },
            ByHour with { LongestSeconds = 59 }, ByHour with { LongestSeconds = 172_801 },
            ByPower with { Unit = TariffUnit.KilowattHour }, ByPower with { Tiers = [] },
            ByPower with { Tiers = [.. Enumerable.Range(1, 11).Select(n => new PowerTier(n, n, 0))] },
            ByPower with { Tiers = [new PowerTier(0, 20, 0)] },
            ByPower with { Tiers = [new PowerTier(200, 20, 0), new PowerTier(200, 30, 0)] },
            ByPower with { Tiers = [new PowerTier(500, 20, 0), new PowerTier(200, 30, 0)] },
            ByPower with { Tiers = [new PowerTier(200, -1, 0)] }, ByPower with { Tiers = [new PowerTier(200, 20, 100_001)] },
            ByPower with { Tiers = [new PowerTier(200, 0, 0)] },
            ByPower with { Tiers = [new PowerTier(200, 30, 0), new PowerTier(500, 20, 0)] },
            ByPower with { ElectricityFen = 49 },
        ];
        Assert.All(bad, tariff => Assert.NotNull(tariff.Complaint()));
    }

    [Fact]
    public void A_rider_can_read_it_before_paying()
    {
        Assert.Equal("1.2元/度（含服务费0.3元），最长12小时", ByEnergy.ToText());
        Assert.Equal("0.25元/小时，最低消费0.5元，最高消费3元，最长1小时1分钟1秒", (ByHour with { MinimumFen = 50, CapFen = 300, LongestSeconds = 3661 }).ToText());
        Assert.Equal("200瓦及以下0.25元/小时（含服务费0.05元），500瓦及以下0.5元/小时（含服务费0.1元），超过500瓦停止充电，最长12小时", ByPower.ToText());
        Assert.Contains("超过500瓦1元/小时（含服务费0.2元）", AboveTiers.ToText());
    }

    // Prices of power that rise by both.
    private static Gen<PowerTier[]> Prices(int most) => Gen.Select(Gen.Int[1, most], Gen.Int[1, 300].Array[most], Gen.Int[1, 100].Array[most], Gen.Int[0, 50]).Select(
        (count, watts, prices, service) => Enumerable.Range(0, count)
            .Select(n => new PowerTier(watts.Take(n + 1).Sum(), prices.Take(n + 1).Sum(), service)).ToArray());
}
