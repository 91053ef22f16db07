using Charging.Device.V1;
using Charging.Server.Orders;
using Charging.Testing;
using Google.Protobuf;
using Xunit;

namespace Charging.Server.Tests.Piles;

/// <summary>A pile may say anything. The server's log has no fault, and the charge of an honest rider is not harmed.</summary>
public sealed class GarbageTests
{
    private static readonly string Long = new('x', 5_000);

    public static TheoryData<string> Fields => ["", "\u0000\u0001\u001f", "201912040000000001\n", "ünïcödé", "201912049999999999", "x-y-z", "\uffff", "😀", Long];

    [Theory]
    [MemberData(nameof(Fields))]
    public async Task Text_is_harmless(string text)
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await BeginAsync(stand, pile);
        pile.BootId = text + text;
        uint eventId = 0;
        foreach (var plug in new uint[] { 1, 2, 0, 100, uint.MaxValue })
        {
            await pile.RaiseAsync(++eventId, raised => raised.ChargeStarted = new ChargeStarted { OrderNo = text, Plug = plug });
            await pile.RaiseAsync(++eventId, raised => raised.ChargeEnded = new ChargeEnded { OrderNo = text, Plug = plug });
            await pile.RaiseAsync(++eventId, raised => raised.CardSwiped = new CardSwiped { CardNo = text, Plug = plug });
            await pile.ReportAsync(Charging(2, orderNo), new PlugStatus { Plug = plug, State = PlugState.Charging, OrderNo = text });
        }
        foreach (var id in new[] { text, $"start-{text}", $"stop-{text}-1", $"stop-{orderNo}-{text}", "start-", "stop--", "-" })
            await pile.SendAsync(new CommandResult { CommandId = id, Outcome = CommandOutcome.Rejected });
        await EndsWellAsync(stand, pile, orderNo, ++eventId);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(100u)]
    [InlineData(uint.MaxValue)]
    public async Task Numbers_are_harmless(uint number)
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await BeginAsync(stand, pile);
        var all = new PlugStatus { Plug = 2, State = PlugState.Charging, OrderNo = orderNo, ElapsedSeconds = number, EnergyWh = number, PowerW = number };
        await pile.ReportAsync(number, all, all, new PlugStatus { Plug = number, State = PlugState.Charging, OrderNo = orderNo });
        await pile.ReportAsync(number, Charging(2, orderNo), new PlugStatus { Plug = number, State = (PlugState)(int)number });
        await pile.SendAsync(new PileTelemetry { Plugs = { new PlugTelemetry { Plug = number, PowerW = number, TemperatureDeciC = int.MinValue } } });
        await pile.RaiseAsync(number, raised => (raised.AgeMs, raised.Alarm) = (number, new Alarm { Code = (AlarmCode)(int)number, Plug = number, Severity = (AlarmSeverity)99 }));
        await pile.RaiseAsync(number, raised => (raised.AgeMs, raised.Alarm) = (number, new Alarm { Code = (AlarmCode)(int)number, Plug = number }));
        // An event without a number cannot be acknowledged.
        if (number > 0)
            await pile.AckedAsync(number, 2);
        await pile.RaiseAsync(901, raised => (raised.AgeMs, raised.Alarm) = (number, new Alarm { Plug = number, Code = AlarmCode.Water }));
        await pile.RaiseAsync(902, raised => (raised.AgeMs, raised.Alarm) = (number, new Alarm { Plug = number, Code = AlarmCode.Water, Raised = true }));
        await pile.SendAsync(new CommandResult { CommandId = $"start-{orderNo}", Outcome = (CommandOutcome)99, Reason = (RejectReason)99 });
        await pile.SendAsync(new CommandResult { CommandId = $"stop-{orderNo}-{number}", Outcome = CommandOutcome.Done });
        await EndsWellAsync(stand, pile, orderNo, 903, raised =>
            (raised.AgeMs, raised.ChargeEnded) = (number, new ChargeEnded { OrderNo = orderNo, Plug = 2, Seconds = number, EnergyWh = number, MaxPowerW = number }));
    }

    [Fact]
    public async Task A_start_that_claims_to_be_ages_old_is_not_overdue()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        var call = stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 1.01);
        await pile.HearAsync(command => command.StartCharge is not null);
        await pile.RaiseAsync(1, raised => (raised.AgeMs, raised.ChargeStarted) = (uint.MaxValue, new ChargeStarted { OrderNo = orderNo, Plug = 2 }));
        Assert.Equal(200, (await call).Code);
        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((OrderState.Charging, order.PaidAt), (order.State, order.StartedAt));
        await stand.CheckAsync();
    }

    private static PlugStatus Charging(uint plug, string orderNo) => new() { Plug = plug, State = PlugState.Charging, OrderNo = orderNo };

    private static async Task<string> BeginAsync(Stand stand, RawPile pile)
    {
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        var call = stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 1.01);
        await pile.AnswerAsync(await pile.HearAsync(command => command.StartCharge?.OrderNo == orderNo));
        Assert.Equal(200, (await call).Code);
        return orderNo;
    }

    private static async Task EndsWellAsync(Stand stand, RawPile pile, string orderNo, uint eventId, Action<PileEvent>? end = null)
    {
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        await pile.RaiseAsync(eventId, end ?? (raised => raised.ChargeEnded = new ChargeEnded { OrderNo = orderNo, Plug = 2, Seconds = 60 }));
        await stand.UntilAsync(orderNo, OrderState.Settled);
        await pile.AckedAsync(eventId);
        Assert.True(pile.IsConnected);
        Assert.Equal(200, (await stand.Rider.SeeAsync(pile.Device)).Code);
        Assert.Equal(1, (await stand.Rider.ListAsync()).Data!.Value.GetProperty("total").GetInt32());
        await stand.CheckAsync();
    }
}
