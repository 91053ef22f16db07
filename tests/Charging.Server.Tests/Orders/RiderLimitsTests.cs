using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>What one rider may have at once and begin in an hour: enough for anybody, and too little to keep others from charging.</summary>
public sealed class RiderLimitsTests
{
    private const string Card = "2577522B";

    private static readonly PlugId Plug = new(DeviceNo.Parse("014441AC53"), 2);

    [Theory]
    [InlineData("0 1", 1, false)]
    [InlineData("0 1 2", 2, true)]
    [InlineData("0 5 10", 10, true)]
    [InlineData("0 5 11", 11, false)]
    [InlineData("0 5 11 12", 12, true)]
    [InlineData("0 1 2", 4, true)]
    [InlineData("0 1 2", 5, false)]
    [InlineData("0 1 2 6", 8, true)]
    public void Three_reservations_left_unpaid_within_ten_minutes_keep_a_rider_off_for_three(string minutes, int now, bool isKeptOff)
    {
        var hour = minutes.Split(' ').Aggregate(RiderHour.Empty, (hour, minute) => hour.LeftUnpaid(Plug, At(int.Parse(minute, null))));
        Assert.Equal(isKeptOff, hour.At(Plug).IsKeptOff(At(now)));
        Assert.False(hour.At(Plug with { Number = 3 }).IsKeptOff(At(now)));
    }

    [Fact]
    public void What_a_rider_did_is_forgotten_after_an_hour_and_never_grows_without_end()
    {
        var hour = RiderHour.Empty;
        for (var minute = 0; minute < 60; minute++)
            hour = hour.Started(Plug with { Number = 1 + (minute % 5) }, At(minute)).LeftUnpaid(Plug, At(minute));
        Assert.Equal((12, 60, 5), (hour.At(Plug).Starts.At(At(59)), hour.Unpaid.At(At(59)), hour.Plugs.Count));
        Assert.Equal((0, 0), (hour.At(Plug).Starts.At(At(62)), hour.Unpaid.At(At(60))));
        Assert.Equal((1, 1), (hour.LeftUnpaid(Plug, At(600)).Unpaid.At(At(600)), hour.LeftUnpaid(Plug, At(600)).Plugs.Count));

        for (var number = 0; number < 1000; number++)
            hour = hour.Started(new PlugId(DeviceNo.Parse($"{number:X10}"), 1), At(60));
        Assert.Equal(50, hour.Plugs.Count);
    }

    [Fact]
    public async Task Who_leaves_a_plug_has_it_again_at_once_and_after_the_third_time_in_three_minutes()
    {
        await using var stand = await Stand.OpenAsync();
        for (var time = 0; time < 3; time++)
        {
            await stand.ReserveAsync();
            Assert.Equal(200, (await stand.LeaveAsync()).Code);
        }
        Assert.Equal(3001, (await stand.Rider.ReserveAsync(stand.Device, "02")).Code);
        Assert.Contains(stand.App.Log.Records, record => record.Message.StartsWith("The limit unpaid-plug (3 in 00:10:00) was reached", StringComparison.Ordinal));
        await stand.ReserveAsync(3);
        await stand.LeaveAsync(3);
        var other = await stand.App.RegisterAsync();
        await stand.ReserveAsync(by: other);
        await stand.LeaveAsync(by: other);

        await stand.App.RestartAsync();
        await stand.App.WaitUntilOnlineAsync(stand.Pile);
        await stand.PassAsync(PlugHour.UnpaidPause - TimeSpan.FromSeconds(1));
        Assert.Equal(3001, (await stand.Rider.ReserveAsync(stand.Device, "02")).Code);
        await stand.PassAsync(TimeSpan.FromSeconds(1));
        await stand.BeginAsync();
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task Reservations_that_expire_or_are_left_for_another_plug_count_too()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.ReserveAsync();
        await stand.PassAsync(TimeSpan.FromMinutes(3));
        await stand.ReserveAsync();
        await stand.ReserveAsync(3);
        await stand.ReserveAsync();
        await stand.LeaveAsync();
        Assert.Equal(3001, (await stand.Rider.ReserveAsync(stand.Device, "02")).Code);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Only_so_many_reservations_are_left_in_an_hour()
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Orders:MaxUnpaidPerHour=4");
        for (var plug = 1; plug <= 4; plug++)
        {
            await stand.ReserveAsync(plug);
            await stand.LeaveAsync(plug);
        }
        Assert.Equal(403, (await stand.Rider.ReserveAsync(stand.Device, "05")).Code);
        await stand.PassAsync(TimeSpan.FromHours(1));
        await stand.ReserveAsync(5);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_rider_has_four_orders_at_once_in_whatever_way_they_come()
    {
        await using var stand = await OpenAsync();
        var left = await stand.ReserveAsync(9);
        await stand.LeaveAsync(9);
        for (var plug = 1; plug <= 3; plug++)
            await stand.BeginAsync(plug);
        Assert.True((await stand.Pile.SwipeAsync(4, Card)).Accepted);

        Assert.Equal(403, (await stand.Rider.ReserveAsync(stand.Device, "05")).Code);
        Assert.Equal(CardReason.LimitReached, (await stand.Pile.SwipeAsync(5, Card)).Reason);
        Assert.Equal(4000, (await stand.PayWithBalanceAsync(left, 1, 9)).Code);
        Assert.Equal(4000, (await stand.ChargeAsync(left, 1, 9)).Code);
        await stand.UntilAsync(left, OrderState.Refunded);
        await stand.ReserveAsync(5, await stand.App.RegisterAsync());

        stand.Pile.BatteryFull(1);
        await Retry.Until("another one is let", async () => (await stand.Rider.ReserveAsync(stand.Device, "06")).Code == 200);
        Assert.Equal(CardReason.LimitReached, (await stand.Pile.SwipeAsync(7, Card)).Reason);
        Assert.Equal(200, (await stand.LeaveAsync(6)).Code);
        Assert.True((await stand.Pile.SwipeAsync(7, Card)).Accepted);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_hundred_swipes_at_once_begin_four_charges()
    {
        await using var stand = await OpenAsync("--Charging:Cards:MaxRefusedSwipes=1000");
        await Task.WhenAll(Enumerable.Range(1, 10).SelectMany(plug => Enumerable.Repeat(plug, 10)).Select(plug => stand.Pile.SwipeAsync(plug, Card)));
        Assert.Equal(4, (await stand.Rider.ListAsync()).Data!.Value.GetProperty("total").GetInt32());
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Only_so_many_charges_begin_at_one_plug_in_an_hour()
    {
        await using var stand = await OpenAsync("--Charging:Orders:MaxStartsPerPlugAndHour=2");
        for (var time = 0; time < 2; time++)
            await ChargeAsync(stand);
        Assert.Equal(CardReason.LimitReached, (await stand.Pile.SwipeAsync(2, Card)).Reason);
        await Retry.Until("the refused swipe is logged", () => stand.App.Log.Records.Any(record => record.Message.Contains("plug-starts") && record.Message.Contains(stand.Device)));
        Assert.Equal(403, (await stand.Rider.ReserveAsync(stand.Device, "02")).Code);
        await stand.BeginAsync(3);
        await stand.ReserveAsync(2, await stand.App.RegisterAsync());
        await stand.PassAsync(TimeSpan.FromHours(1));
        await ChargeAsync(stand);
        await stand.CheckAsync();
    }

    private static async Task ChargeAsync(Stand stand)
    {
        var orderNo = await stand.BeginAsync();
        stand.Pile.BatteryFull(2);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        stand.Pile.Unplug(2);
        await Retry.Until("the plug is free", async () => await stand.SeeAsync() == 0);
        stand.Pile.PlugIn(2);
    }

    private static async Task<Stand> OpenAsync(params string[] settings)
    {
        var stand = await Stand.OpenAsync(settings: ["--Charging:Mqtt:PacketBurst=100000", "--Charging:Mqtt:MaxCommandsInFlight=1000", .. settings]);
        await stand.Rider.TopUpAsync(50);
        Assert.Equal(200, (await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = Card } })).Code);
        return stand;
    }

    private static DateTimeOffset At(int minute) => Stand.Beginning.AddMinutes(minute);
}
