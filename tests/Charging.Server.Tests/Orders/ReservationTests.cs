using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>getOrderNo, and leaving the payment (contract sections 6 and 8).</summary>
public sealed class ReservationTests
{
    [Fact]
    public async Task Checks_come_in_the_order_of_the_contract()
    {
        await using var stand = await Stand.OpenAsync();
        var other = await stand.App.RegisterAsync();
        await stand.ReserveAsync(2, by: other);
        Assert.Equal(403, (await stand.Rider.ReserveAsync("FFFFFFFFFF", "2")).Code);
        Assert.Equal(3003, (await stand.Rider.ReserveAsync("FFFFFFFFFF", "11")).Code);
        Assert.Equal(403, (await stand.Rider.ReserveAsync(stand.Device, "11")).Code);
        Assert.Equal(3001, (await stand.Rider.ReserveAsync(stand.Device, "02")).Code);
        stand.Pile.BreakPlug(2);
        await Retry.Until("the fault is seen", async () => (await stand.Rider.ReserveAsync(stand.Device, "02")).Code == 3005);
        stand.Pile.CutLink();
        await Retry.Until("the pile is offline", async () => (await stand.Rider.ReserveAsync(stand.Device, "02")).Code == 3004);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_plug_that_charges_or_was_not_left_is_occupied()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(2);
        Assert.Equal(3001, (await stand.Rider.ReserveAsync(stand.Device, "02")).Code);
        stand.Pile.BatteryFull(2);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal(3001, (await stand.Rider.ReserveAsync(stand.Device, "02")).Code);
        Assert.Equal(1, await stand.SeeAsync(2));
        stand.Pile.Unplug(2);
        await Retry.Until("the plug is free", async () => await stand.SeeAsync(2) == 0);
        await stand.ReserveAsync(2);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Asked_again_it_is_the_same_order_and_the_time_is_not_extended()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.ReserveAsync();
        await stand.PassAsync(TimeSpan.FromSeconds(170));
        Assert.Equal(orderNo, await stand.ReserveAsync());
        Assert.Equal(1, await stand.SeeAsync());
        await stand.PassAsync(TimeSpan.FromSeconds(10));
        Assert.NotEqual(orderNo, await stand.ReserveAsync());
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_newer_reservation_releases_the_older()
    {
        await using var stand = await Stand.OpenAsync();
        var other = await stand.App.RegisterAsync();
        var older = await stand.ReserveAsync(2);
        await stand.ReserveAsync(3);
        Assert.Equal((0, 1), (await stand.SeeAsync(2), await stand.SeeAsync(3)));
        Assert.NotEqual(older, await stand.ReserveAsync(2, by: other));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task What_has_expired_is_free_at_reading_even_before_it_is_swept()
    {
        await using var stand = await Stand.OpenAsync();
        stand.App.Provider.Mode = SandboxMode.Silent;
        await stand.ReserveAsync();
        await stand.PassAsync(TimeSpan.FromSeconds(179));
        Assert.Equal(1, await stand.SeeAsync());
        stand.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, await stand.SeeAsync());
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData("left")]
    [InlineData("expired")]
    [InlineData("newer")]
    public async Task What_was_paid_for_an_order_that_ended_unpaid_goes_back(string how)
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Payment:OwnPaymentService=true");
        stand.App.Provider.Mode = SandboxMode.Refuse;
        var orderNo = await stand.ReserveAsync();
        stand.App.Provider.Pay(orderNo, 250);
        if (how == "left")
            Assert.Equal(200, (await stand.LeaveAsync()).Code);
        else if (how == "newer")
            await stand.ReserveAsync(3);
        await stand.PassUntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal(250, stand.App.Provider.Refunds[$"{orderNo}R1"]);
        Assert.Equal(0, await stand.SeeAsync());
        Assert.Equal(0, stand.Pile.StartsObeyed(orderNo));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Leaving_frees_the_plug_at_once_and_leaving_nothing_is_fine()
    {
        await using var stand = await Stand.OpenAsync();
        var other = await stand.App.RegisterAsync();
        await stand.ReserveAsync();
        Assert.Equal(200, (await stand.LeaveAsync(by: other)).Code);
        Assert.Equal(1, await stand.SeeAsync());
        Assert.Equal(200, (await stand.LeaveAsync()).Code);
        Assert.Equal(0, await stand.SeeAsync());
        Assert.Equal(200, (await stand.LeaveAsync()).Code);
        Assert.Equal(200, (await stand.LeaveAsync(9)).Code);
        Assert.Equal(3003, (await stand.Rider.LeaveAsync("FFFFFFFFFF", "01")).Code);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Leaving_does_not_touch_a_charge()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        Assert.Equal(200, (await stand.LeaveAsync()).Code);
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        Assert.Equal(PlugBusy, await stand.SeeAsync());
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_thousand_at_once_on_one_plug_make_one_order()
    {
        await using var stand = await Stand.OpenAsync(settings: ChargingApp.ManyRiders);
        var riders = new List<Rider>();
        for (var i = 0; i < 20; i++)
            riders.Add(await stand.App.RegisterAsync());
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => riders[i % 20].ReserveAsync(stand.Device, "02")));
        var numbers = answers.Where(answer => answer.Code == 200).Select(answer => answer.Data!.Value.GetString()).ToList();
        Assert.Single(numbers.Distinct());
        // Each rider asked fifty times: the one that has the plug is told the same number each time.
        Assert.Equal(50, numbers.Count);
        Assert.Equal(950, answers.Count(answer => answer.Code == 3001));
        await stand.CheckAsync();
    }

    private const int PlugBusy = 1;
}
