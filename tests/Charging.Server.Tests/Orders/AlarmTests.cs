using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Reliability.HeavyMessages;
using Charging.Server.Orders;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>Alarms that must not wait for a person (device-protocol.md, What the server does).</summary>
public sealed class AlarmTests
{
    [Theory]
    [InlineData(AlarmCode.Smoke, 2, true, "2")]
    [InlineData(AlarmCode.Temperature, 2, true, "2")]
    [InlineData(AlarmCode.Smoke, 0, true, "23")]
    [InlineData(AlarmCode.Smoke, 77, true, "23")]
    [InlineData(AlarmCode.Temperature, 0, true, "23")]
    [InlineData(AlarmCode.Smoke, 0, false, "")]
    [InlineData(AlarmCode.Door, 2, true, "")]
    [InlineData(AlarmCode.Water, 0, true, "23")]
    [InlineData(AlarmCode.Water, 2, true, "2")]
    public async Task Smoke_heat_and_water_stop_what_they_are_about(AlarmCode code, int plug, bool raised, string stopped)
    {
        await using var stand = await Stand.OpenAsync();
        var (second, third) = (await stand.BeginAsync(2), await stand.BeginAsync(3));
        stand.Pile.RaiseAlarm(code, plug, raised);
        await stand.Pile.WaitUntilAsync("the alarm was heard", pile => pile.Unacknowledged.Count == 0);
        foreach (var (number, orderNo) in new[] { ('2', second), ('3', third) })
        {
            if (stopped.Contains(number))
                await stand.UntilAsync(orderNo, OrderState.Settled);
            else
                Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        }
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_start_that_the_pile_did_not_hear_is_not_sent_again_into_smoke()
    {
        await using var stand = await Stand.OpenAsync();
        stand.Pile.Faults = new PileFaults { Silent = true };
        var orderNo = await stand.ReserveAsync();
        var call = stand.ChargeAsync(orderNo);
        await stand.UntilAsync(orderNo, OrderState.Starting);
        stand.Pile.RaiseAlarm(AlarmCode.Smoke, 2);
        await stand.UntilAsync(orderNo, OrderState.StartFailed);
        stand.Pile.Faults = new PileFaults();

        Assert.Equal(4000, (await call).Code);
        await stand.PassUntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal(0, stand.Pile.StartsObeyed(orderNo));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_alarm_whose_stops_could_not_be_written_down_stops_when_it_is_sent_again()
    {
        const string stops = "AlarmStops.StopAsync";
        var store = new MeteredStore();
        await using var stand = await Stand.OpenAsync(configure: store.Use);
        var orderNo = await stand.BeginAsync();
        store.Hold(stops);
        stand.Pile.RaiseAlarm(AlarmCode.Smoke, 0);
        await Retry.Until("it is written down", () => store.Held(stops) == 1);
        store.Release(refused: true);

        await stand.PassUntilAsync(orderNo, OrderState.Settled);
        await stand.CheckAsync();
    }
}
