using System.Text.Json;
using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>getChargingDetail: the price before paying, the meter while it charges, the bill afterwards.</summary>
public sealed class DetailTests
{
    [Fact]
    public async Task A_reserved_order_shows_its_price_before_it_is_paid()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.PriceAsync(new Tariff
        {
            Name = "by power",
            Tiers = [new PowerTier(200, 20, 5), new PowerTier(500, 40, 10)],
            MinimumFen = 50,
            CapFen = 300,
            LongestSeconds = 36_000,
            Unused = UnusedTo.Balance,
        });
        var detail = await stand.DetailAsync(await stand.ReserveAsync());
        Assert.Equal(("reserved", "-", 0d), (Text(detail, "state"), Text(detail, "startTime"), Number(detail, "paid")));
        var tariff = detail.GetProperty("tariff");
        Assert.Equal("200瓦及以下0.25元/小时（含服务费0.05元），500瓦及以下0.5元/小时（含服务费0.1元），超过500瓦停止充电，最低消费0.5元，最高消费3元，最长10小时", Text(tariff, "text"));
        Assert.Equal(("hour", "balance", 36_000), (Text(tariff, "unit"), Text(tariff, "unused"), tariff.GetProperty("longestSeconds").GetInt32()));
        Assert.Equal((0.5, 3d, 0d), (Number(tariff, "minimum"), Number(tariff, "cap"), Number(tariff, "electricity")));
        Assert.Equal("""[{"upToW":200,"electricity":0.2,"service":0.05},{"upToW":500,"electricity":0.4,"service":0.1}]""", tariff.GetProperty("tiers").GetRawText().Replace(" ", ""));
    }

    [Fact]
    public async Task While_it_charges_the_meter_runs_and_the_price_with_it()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(amount: 1);
        await stand.PassAsync(TimeSpan.FromMinutes(30));
        // The store is told every five minutes; the rider sees every status.
        var stored = new List<bool>();
        foreach (var seconds in new[] { 1815, 1830 })
        {
            stand.Clock.Advance(TimeSpan.FromSeconds(15));
            stand.Pile.SendStatus();
            await Retry.Until($"the meter is at {seconds} s", async () => (await stand.DetailAsync(orderNo)).GetProperty("seconds").GetInt32() == seconds);
            stored.Add((await stand.OrderAsync(orderNo)).Seconds == seconds);
        }
        Assert.Contains(false, stored);
        var detail = await stand.DetailAsync(orderNo);
        Assert.Equal(("charging", "2019年12月04日 11时07分", 91, 180), (Text(detail, "state"), Text(detail, "startTime"), detail.GetProperty("energyWh").GetInt32(), detail.GetProperty("powerW").GetInt32()));
        Assert.Equal((1d, 0.12, 0d), (Number(detail, "paid"), Number(detail, "used"), Number(detail, "refunded")));
        Assert.Equal((stand.Device, "02"), (Text(detail, "deviceNo"), Text(detail, "plugNo")));
    }

    [Fact]
    public async Task Of_an_offline_pile_the_last_that_was_stored_is_shown_and_no_power()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(amount: 1);
        await stand.PassAsync(TimeSpan.FromMinutes(12));
        await Retry.Until("the progress is stored", async () => (await stand.OrderAsync(orderNo)).Seconds >= 240);
        stand.Pile.CutLink();
        await Retry.Until("the pile is offline", async () => (await stand.Rider.SeeAsync(stand.Device)).Data!.Value.GetProperty("status").GetInt32() == 0);
        var detail = await stand.DetailAsync(orderNo);
        var stored = await stand.OrderAsync(orderNo);
        Assert.InRange(stored.Seconds, 240, 720);
        Assert.Equal(("charging", stored.Seconds, 0, stored.Usage().Fen / 100d), (Text(detail, "state"), detail.GetProperty("seconds").GetInt32(), detail.GetProperty("powerW").GetInt32(), Number(detail, "used")));
    }

    [Fact]
    public async Task A_pile_that_forgot_the_order_does_not_set_the_meter_back()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(amount: 1);
        await stand.PassAsync(TimeSpan.FromMinutes(12));
        var stored = (await stand.OrderAsync(orderNo)).Seconds;
        Assert.InRange(stored, 1, 720);
        await stand.ForgetAsync(orderNo);
        var detail = await stand.DetailAsync(orderNo);
        Assert.Equal(("charging", 0), (Text(detail, "state"), detail.GetProperty("powerW").GetInt32()));
        Assert.True(detail.GetProperty("seconds").GetInt32() >= stored);
    }

    [Fact]
    public async Task At_the_end_it_is_the_bill()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(amount: 1);
        await stand.PassAsync(TimeSpan.FromMinutes(30));
        stand.Pile.BatteryFull(2);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        await Retry.Until("the rest went back", async () => Number(await stand.DetailAsync(orderNo), "refunded") > 0);
        var detail = await stand.DetailAsync(orderNo);
        Assert.Equal(("settled", 1800, 90, 0), (Text(detail, "state"), detail.GetProperty("seconds").GetInt32(), detail.GetProperty("energyWh").GetInt32(), detail.GetProperty("powerW").GetInt32()));
        Assert.Equal((1d, 0.12, 0.88), (Number(detail, "paid"), Number(detail, "used"), Number(detail, "refunded")));
    }

    [Fact]
    public async Task Every_state_has_its_name()
    {
        await using var stand = await Stand.OpenAsync();
        var left = await stand.ReserveAsync();
        await stand.LeaveAsync();
        Assert.Equal("cancelled", Text(await stand.DetailAsync(left), "state"));

        var expired = await stand.ReserveAsync(3);
        await stand.PassAsync(TimeSpan.FromMinutes(3));
        Assert.Equal("expired", Text(await stand.DetailAsync(expired), "state"));

        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.PlugFault };
        stand.App.Provider.RefusesRefunds = true;
        var failed = await stand.ReserveAsync(4);
        await stand.ChargeAsync(failed, 1, plug: 4);
        Assert.Equal(("refunding", 1d, 0d), await stand.DetailAsync(failed) is var going ? (Text(going, "state"), Number(going, "paid"), Number(going, "refunded")) : default);
        stand.App.Provider.RefusesRefunds = false;
        await stand.PassUntilAsync(failed, OrderState.Refunded);
        Assert.Equal(("refunded", 1d), await stand.DetailAsync(failed) is var back ? (Text(back, "state"), Number(back, "refunded")) : default);

        stand.Pile.Faults = new PileFaults { Silent = true };
        var silent = await stand.ReserveAsync(5);
        var call = stand.ChargeAsync(silent, plug: 5);
        await stand.UntilAsync(silent, OrderState.Starting);
        Assert.Equal("starting", Text(await stand.DetailAsync(silent), "state"));
        await stand.WhileAsync(call);
        Assert.Equal("startFailed", Text(await stand.DetailAsync(silent), "state"));
    }

    [Fact]
    public async Task Anothers_order_and_what_is_none_is_403()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        var topUp = await stand.Rider.TopUpAsync(1);
        Assert.Equal(403, (await (await stand.App.RegisterAsync()).DetailAsync(orderNo)).Code);
        foreach (var body in new[] { "{}", """{"body":{}}""", """{"body":{"orderNo":"a b"}}""", $$"""{"body":{"orderNo":"{{topUp}}"} }""", """{"body":{"orderNo":"201912040000009999"}}""" })
            Assert.Equal(403, (await stand.Rider.PostAsync("getChargingDetail", body)).Code);
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();
}
