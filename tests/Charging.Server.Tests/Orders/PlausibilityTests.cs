using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>What a pile says of a charge counts as far as it can be, and what is unknown is in the rider's favour.</summary>
public sealed class PlausibilityTests
{
    private const int PaidFen = 500;

    private static readonly DateTimeOffset PaidAt = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    private static readonly Tariff ByHour = new() { Name = "hour", ElectricityFen = 100, LongestSeconds = 43_200 };

    private static readonly Tariff ByEnergy = new() { Name = "energy", Unit = TariffUnit.KilowattHour, ElectricityFen = 100, LongestSeconds = 43_200 };

    private static readonly Tariff ByPower = new() { Name = "power", Tiers = [new PowerTier(200, 20, 0)], ElectricityFen = 500, LongestSeconds = 43_200 };

    /// <summary>The last progress is ten minutes and 30 Wh; the record comes so many seconds after the payment.</summary>
    [Theory]
    [InlineData(900, 840u, 42u, 180u, 840, 42, true)]
    [InlineData(900, 960u, 42u, 180u, 960, 42, true)]
    [InlineData(900, 961u, 42u, 180u, 600, 42, false)]
    [InlineData(900, 0u, 0u, 0u, 0, 0, true)]
    [InlineData(900, 14_400u, 42u, 180u, 600, 42, false)]
    [InlineData(900, uint.MaxValue, 42u, 180u, 600, 42, false)]
    [InlineData(900, 840u, 875u, 180u, 840, 875, true)]
    [InlineData(900, 840u, 876u, 180u, 840, 30, false)]
    [InlineData(900, 840u, 4_294_967u, 180u, 840, 30, false)]
    [InlineData(900, 840u, uint.MaxValue, 180u, 840, 30, false)]
    [InlineData(900, 840u, 42u, 3500u, 840, 42, true)]
    [InlineData(900, 840u, 42u, 3501u, 840, 42, false)]
    [InlineData(900, 840u, 42u, 4_294_967_290u, 840, 42, false)]
    [InlineData(900, uint.MaxValue, uint.MaxValue, uint.MaxValue, 600, 30, false)]
    // A clock that runs up to a twentieth fast measures a charge, which was as long as the server's clock says.
    [InlineData(7200, 7500u, 42u, 180u, 7200, 42, false)]
    [InlineData(7200, 7561u, 42u, 180u, 600, 42, false)]
    public void An_end_record_counts_as_far_as_it_can_be(int after, uint seconds, uint energyWh, uint powerW, int counted, int countedWh, bool isPossible)
    {
        var at = PaidAt.AddSeconds(after);
        var order = Charging(ByHour).Progress(new Reading(600, 30, 180), PaidAt.AddSeconds(605)).End(Record(seconds, energyWh, powerW), at, at);

        Assert.Equal((counted, countedWh), (order.Seconds, order.EnergyWh));
        Assert.Equal(isPossible ? null : new Reading(seconds, energyWh, powerW), order.Reported);
        Assert.Equal(isPossible ? null : Order.ImpossibleRecord, order.Trouble);
    }

    [Theory]
    [InlineData(8, 14_400u, 0u, 0)]
    [InlineData(10, 10u, 4_294_967u, 1)]
    [InlineData(1, uint.MaxValue, uint.MaxValue, 0)]
    public void What_cannot_have_been_given_costs_nothing(int after, uint seconds, uint energyWh, long fen)
    {
        var at = PaidAt.AddSeconds(after);
        Assert.Equal((fen, 0), (Used(ByHour), Used(ByEnergy)));

        long Used(Tariff tariff) => Charging(tariff).End(Record(seconds, energyWh, 180), at, at).Usage().Fen;
    }

    /// <summary>Whatever a pile says, nobody pays for more time than has passed since the payment, and a minute.</summary>
    [Fact]
    public void No_more_is_ever_billed_than_can_have_been_given()
    {
        uint[] numbers = [0, 1, 59, 61, 599, 600, 660, 661, 3600, 43_200, 65_530, int.MaxValue, 4_294_967_290, uint.MaxValue];
        foreach (var after in new[] { 0, 1, 59, 60, 600, 3600, 43_200 })
        {
            foreach (var said in from seconds in numbers from energy in numbers from power in numbers select new Reading(seconds, energy, power))
            {
                var at = PaidAt.AddSeconds(after);
                var running = Charging(ByHour).Progress(said, at);
                var ended = running.End(Record(said.Seconds, said.EnergyWh, said.PowerW!.Value), at, at);
                foreach (var order in new[] { running, ended })
                {
                    Assert.InRange(order.Seconds, 0, after + 60);
                    Assert.InRange(order.EnergyWh, 0, Pile.DefaultRatedPowerW * (after + 120) / 3600);
                    Assert.InRange(order.MaxPowerW, 0, Pile.DefaultRatedPowerW);
                }
            }
        }
    }

    [Theory]
    [InlineData("180 180 180", 180u, 180)]
    [InlineData("180 4294967290 180", 4_294_967_290u, 180)]
    [InlineData("180 65530 180", 180u, 180)]
    [InlineData("180 3000 180", 3000u, 180)]
    [InlineData("3000 180 180", 3000u, 180)]
    [InlineData("180 180 3000", 3000u, 180)]
    [InlineData("180 3000", 3000u, 180)]
    [InlineData("3000", 180u, 180)]
    [InlineData("65530", 180u, 180)]
    [InlineData("", 180u, 180)]
    [InlineData("", 65_530u, 0)]
    // What two samples in a row have reached was drawn, whatever the record says.
    [InlineData("180 300 300 180", 300u, 300)]
    [InlineData("180 320 300 180", 180u, 300)]
    [InlineData("300 65530 300", 300u, 300)]
    [InlineData("300", 300u, 300)]
    public void One_glitch_of_a_meter_sets_no_tier(string samples, uint recordW, int counted)
    {
        var order = Charging(ByPower);
        var seconds = 0u;
        foreach (var sample in samples.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            seconds += 300;
            order = order.Progress(new Reading(seconds, seconds / 20, uint.Parse(sample, System.Globalization.CultureInfo.InvariantCulture)), PaidAt.AddSeconds(seconds));
            // The same status once more, which is no second sample.
            order = order.Progress(new Reading(seconds, seconds / 20, uint.Parse(sample, System.Globalization.CultureInfo.InvariantCulture)), PaidAt.AddSeconds(seconds));
        }
        var at = PaidAt.AddHours(1);
        order = order.End(Record(3600, 180, recordW), at, at);

        Assert.Equal((counted, counted > 200 ? 500 : 20), (order.MaxPowerW, order.Usage().Fen));
    }

    [Theory]
    [InlineData(300, 300, true)]
    [InlineData(360, 300, true)]
    [InlineData(361, 300, false)]
    [InlineData(4_294_967, 0, false)]
    public void An_age_that_goes_back_before_the_payment_dates_nothing(int ageSeconds, int counted, bool isPossible)
    {
        var now = PaidAt.AddSeconds(300);
        var order = Charging(ByHour).End(Record(0, 0, 0), now.AddSeconds(-ageSeconds), now);

        DateTimeOffset? at = isPossible ? now.AddSeconds(-counted) : now;
        Assert.Equal((at, isPossible), (order.EndedAt, order.Trouble is null));
        Assert.Equal(at, Paid(ByHour).BeginStart().Started(now.AddSeconds(-ageSeconds), now).StartedAt);
    }

    [Fact]
    public void The_rating_of_the_plug_bounds_power_and_energy()
    {
        var at = PaidAt.AddHours(1);
        var order = Charging(ByEnergy) with { RatedPowerW = 7000 };
        Assert.Null(order.End(Record(3600, 6900, 6900), at, at).Trouble);
        Assert.Equal(Order.ImpossibleRecord, (order with { RatedPowerW = 1000 }).End(Record(3600, 6900, 900), at, at).Trouble);
    }

    private static Order Paid(Tariff tariff) => new Order
    {
        No = OrderNo.Parse("202603010000000001"),
        UserId = 1,
        Plug = new PlugId(DeviceNo.Parse("014441AC53"), 2),
        PlugText = "02",
        Tag = OrderTag.Phone,
        CreatedAt = PaidAt,
        ReservedUntil = PaidAt,
        Tariff = tariff,
    }.Pay(PaidFen, 1, PaidAt);

    private static Order Charging(Tariff tariff) => Paid(tariff).BeginStart().Started(PaidAt, PaidAt);

    private static ChargeEnded Record(uint seconds, uint energyWh, uint maxPowerW) => new() { Seconds = seconds, EnergyWh = energyWh, MaxPowerW = maxPowerW, Reason = EndReason.Full };
}
