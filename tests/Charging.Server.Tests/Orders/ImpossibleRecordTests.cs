using Charging.Device.V1;
using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Testing;
using Xunit;
using Alarm = Charging.Device.V1.Alarm;
using AlarmService = Charging.Ops.V1.AlarmService;
using Order = Charging.Server.Orders.Order;
using OrderState = Charging.Server.Orders.OrderState;

namespace Charging.Server.Tests.Orders;

/// <summary>A pile whose end records cannot be, again and again: operators hear of it, and it may be taken out of service.</summary>
public sealed class ImpossibleRecordTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_third_on_a_day_raises_an_alarm_and_pauses_the_pile_where_that_is_wanted(bool pauses)
    {
        await using var stand = await Stand.OpenAsync(settings: $"--Charging:Orders:PausesForImpossibleRecords={pauses}");
        await using var pile = await RawPile.OpenAsync(stand.App);
        Assert.Equal(AlarmState.Unspecified, await AlarmAsync(stand));
        for (var number = 1u; number <= 2; number++)
            await ChargeAsync(stand, pile, number, 14_400);
        // The next day counts anew.
        await PassAsync(stand, pile, TimeSpan.FromHours(13));
        for (var number = 3u; number <= 4; number++)
            await ChargeAsync(stand, pile, number, uint.MaxValue);
        Assert.Equal(AlarmState.Unspecified, await AlarmAsync(stand));
        Assert.Equal(1, await StatusAsync(stand, pile));

        await ChargeAsync(stand, pile, 5, 14_400);
        Assert.Equal(AlarmState.Open, await AlarmAsync(stand));
        var answer = await stand.Rider.ReserveAsync(pile.Device, "02");
        Assert.Equal(pauses ? 3005 : 200, answer.Code);

        // It is the server's alarm: the pile has no say in it.
        await pile.RaiseAsync(90, raised => raised.Alarm = new Alarm { Code = AlarmCode.ImpossibleRecords });
        await pile.AckedAsync(90);
        Assert.Equal(AlarmState.Open, await AlarmAsync(stand));

        var piles = new PileService.PileServiceClient(stand.App.AsOperator());
        if (pauses)
            await piles.ResumePileAsync(new ResumePileRequest { DeviceNo = pile.Device, Reason = "has a new meter" });
        Assert.Equal(200, (await stand.Rider.ReserveAsync(pile.Device, "03")).Code);
        await stand.CheckAsync();
    }

    /// <summary>Has a charge end at once, with so many seconds.</summary>
    internal static async Task<string> ChargeAsync(Stand stand, RawPile pile, uint number, uint seconds)
    {
        var plug = $"{number + 2:D2}";
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, plug)).Data!.Value.GetString()!;
        var call = stand.Rider.ChargeAsync(pile.Device, plug, orderNo, 5);
        await pile.AnswerAsync(await pile.HearAsync(command => command.StartCharge?.OrderNo == orderNo));
        Assert.Equal(200, (await call).Code);
        await pile.RaiseAsync(number, raised => raised.ChargeEnded = new ChargeEnded { OrderNo = orderNo, Plug = number + 2, Seconds = seconds, Reason = EndReason.Full });
        await pile.AckedAsync(number);
        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((OrderState.Settled, 0, Order.ImpossibleRecord), (order.State, order.UsedFen, order.Trouble));
        return orderNo;
    }

    private static async Task PassAsync(Stand stand, RawPile pile, TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= TimeSpan.FromMinutes(2))
        {
            stand.Clock.Advance(TimeSpan.FromMinutes(2));
            await pile.SendAsync(new PileTelemetry { BootId = pile.BootId });
        }
    }

    private static async Task<int> StatusAsync(Stand stand, RawPile pile) => (await stand.Rider.SeeAsync(pile.Device)).Data!.Value.GetProperty("status").GetInt32();

    private static async Task<AlarmState> AlarmAsync(Stand stand) =>
        (await new AlarmService.AlarmServiceClient(stand.App.AsOperator()).ListAlarmsAsync(new ListAlarmsRequest())).Alarms.SingleOrDefault(alarm => alarm.Code == AlarmCode.ImpossibleRecords)?.State ?? AlarmState.Unspecified;
}
