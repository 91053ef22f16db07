using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Piles;

/// <summary>Events of piles: each acted on once and acknowledged each time (device-protocol.md, Messages).</summary>
public sealed class EventTests
{
    [Fact]
    public async Task An_event_that_comes_again_is_acknowledged_again_and_not_acted_on()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await BeginAsync(stand, pile);
        for (var times = 1; times <= 3; times++)
        {
            await pile.RaiseAsync(7, raised => raised.ChargeEnded = Ended(orderNo, (uint)(20 * times)));
            await pile.AckedAsync(7, times);
        }
        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((OrderState.Settled, 20), (order.State, order.Seconds));
        // Not even under another number.
        await pile.RaiseAsync(8, raised => raised.ChargeEnded = Ended(orderNo, 50));
        await pile.AckedAsync(8);
        Assert.Equal(20, (await stand.OrderAsync(orderNo)).Seconds);
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData(60_000u, 60)]
    [InlineData(uint.MaxValue, 0)]
    public async Task An_alarm_is_no_older_than_its_pile(uint ageMs, int seconds)
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        stand.Clock.Advance(TimeSpan.FromMinutes(2));
        await pile.RaiseAsync(1, raised => (raised.AgeMs, raised.Alarm) = (ageMs, new Alarm { Code = AlarmCode.Door, Plug = 2, Raised = true }));
        await pile.AckedAsync(1);

        var alarm = await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(PileTables.Alarms, PileAlarm.IdOf(DeviceNo.Parse(pile.Device), 2, AlarmCode.Door)));
        Assert.Equal(stand.Clock.GetUtcNow().AddSeconds(-seconds), alarm!.At);
    }

    [Fact]
    public async Task Events_may_come_in_any_order_and_before_the_result()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        var call = stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 1.01);
        var start = await pile.HearAsync(command => command.StartCharge is not null);
        await pile.RaiseAsync(2, raised => raised.ChargeEnded = Ended(orderNo, 3));
        Assert.Equal(200, (await call).Code);
        await pile.RaiseAsync(1, raised => raised.ChargeStarted = new ChargeStarted { OrderNo = orderNo, Plug = 2 });
        await pile.AnswerAsync(start);
        await pile.AckedAsync(1);
        // Answered after the result, and by then a stop would have gone out.
        await pile.RaiseAsync(3, raised => raised.Alarm = new Alarm { Code = AlarmCode.Door, Raised = true });
        await pile.AckedAsync(3);
        Assert.Equal(OrderState.Settled, (await stand.OrderAsync(orderNo)).State);
        Assert.DoesNotContain(pile.Received, command => command.StopCharge is not null);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_pile_does_not_speak_for_another_piles_orders()
    {
        await using var stand = await Stand.OpenAsync();
        await using var other = await RawPile.OpenAsync(stand.App);
        var orderNo = await stand.BeginAsync(2);
        await other.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 1));
        await other.AckedAsync(1);
        await other.SendAsync(new CommandResult { CommandId = PileCommands.StartId(orderNo), Outcome = CommandOutcome.Rejected });
        await other.SendAsync(new CommandResult { CommandId = $"stop-{orderNo}-1", Outcome = CommandOutcome.Done });
        await other.ReportAsync(new PlugStatus { Plug = 2, State = PlugState.Charging, OrderNo = orderNo });
        await other.HearAsync(command => command.StopCharge?.OrderNo == orderNo);
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);

        // The stop that the other pile never answers does not keep the order's own pile from being stopped.
        stand.Pile.RaiseAlarm(AlarmCode.Smoke, 2);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_fault_of_the_store_does_not_end_the_forgetting_of_old_events()
    {
        await using var app = await ChargingApp.StartAsync();
        await app.AddPileAsync();
        var (clock, broken) = (new Microsoft.Extensions.Time.Testing.FakeTimeProvider(), new BrokenStore());
        using var upkeep = new EventCleanup(broken, app.Services.GetRequiredService<PileRegistry>(), clock, Microsoft.Extensions.Logging.Abstractions.NullLogger<EventCleanup>.Instance);
        await upkeep.StartAsync(CancellationToken.None);
        for (var days = 1; days <= 2; days++)
        {
            await Retry.Until($"it tries on day {days}", () =>
            {
                clock.Advance(TimeSpan.FromHours(1));
                return broken.Runs >= days;
            });
        }

        await upkeep.StopAsync(CancellationToken.None);
    }

    /// <summary>Fails by what no store should.</summary>
    private sealed class BrokenStore : IStore
    {
        private int _runs;

        public int Runs => Volatile.Read(ref _runs);

        public Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _runs);
            throw new InvalidOperationException("A bug.");
        }
    }

    [Fact]
    public async Task What_cannot_be_understood_is_acknowledged_and_set_aside()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        await pile.SendAsync("events", """{"eventId":5,"bootId":"boot-1","somethingNew":{"a":1}}"""u8.ToArray());
        await Retry.Until("it is acknowledged", () => pile.Received.Any(command => command.EventAck?.EventId == 5));
        await pile.SendAsync("events", "{broken"u8.ToArray());
        await pile.SendAsync("results", [0xff, 0xff, 0xff]);
        await pile.SendAsync("status", "[]"u8.ToArray());
        await Retry.Until("they are set aside", async () => (await AsideAsync(stand, pile.Device)).Count == 4);
        Assert.Equal(
            ["An event of no known kind.", $"Unreadable on piles/{pile.Device}/events.", $"Unreadable on piles/{pile.Device}/results.", $"Unreadable on piles/{pile.Device}/status."],
            (await AsideAsync(stand, pile.Device)).Select(message => message.Reason).Order());
    }

    [Fact]
    public async Task A_replaced_board_counts_its_events_anew()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await BeginAsync(stand, pile);
        await pile.RaiseAsync(1, raised => raised.Alarm = new Alarm { Code = AlarmCode.Door });
        await pile.AckedAsync(1);

        var secret = await stand.App.Services.GetRequiredService<PileAdmin>().RotateSecretAsync(DeviceNo.Parse(pile.Device));
        await Retry.Until("the old secret's connection is closed", () => !pile.IsConnected);
        await using var board = await RawPile.ConnectAsync(stand.App, pile.Device, secret.Value!);
        await board.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 60));
        await board.AckedAsync(1);
        Assert.Equal(OrderState.Settled, (await stand.OrderAsync(orderNo)).State);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_event_is_acknowledged_only_when_its_effect_is_durable()
    {
        var stopped = new StoppableStore();
        await using var stand = await Stand.OpenAsync(configure: stopped.Use);
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await BeginAsync(stand, pile);
        stopped.IsStopped = true;
        await pile.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 60));
        await Retry.Until("the store has refused", () => stopped.Refusals > 0);
        Assert.DoesNotContain(pile.Received, command => command.EventAck is not null);
        stopped.IsStopped = false;
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        await pile.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 60));
        await pile.AckedAsync(1);
        Assert.Equal(OrderState.Settled, (await stand.OrderAsync(orderNo)).State);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_end_that_could_not_be_kept_is_waited_for_before_the_charge_is_taken_for_lost()
    {
        var stopped = new StoppableStore();
        await using var stand = await Stand.OpenAsync(configure: stopped.Use);
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await BeginAsync(stand, pile);
        stopped.IsStopped = true;
        await pile.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 60));
        await Retry.Until("the store has refused", () => stopped.Refusals > 0);
        stopped.IsStopped = false;
        // A pile that has said it often enough says it again ten minutes later.
        for (var minute = 0; minute < 9; minute++)
        {
            await pile.ReportAsync(new PlugStatus { Plug = 2, State = PlugState.Idle });
            await stand.PassAsync(TimeSpan.FromMinutes(1));
        }

        await pile.RaiseAsync(1, raised => raised.ChargeEnded = Ended(orderNo, 60));
        await pile.AckedAsync(1);

        Assert.Null((await stand.OrderAsync(orderNo)).Trouble);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_event_of_another_pile_that_could_not_be_kept_does_not_put_off_the_end_of_a_lost_charge()
    {
        var stopped = new StoppableStore();
        await using var stand = await Stand.OpenAsync(configure: stopped.Use);
        await using var other = await RawPile.OpenAsync(stand.App);
        var orderNo = await stand.BeginAsync();
        stopped.IsStopped = true;
        await other.RaiseAsync(1, raised => raised.ChargeStarted = new ChargeStarted { OrderNo = "x", Plug = 1 });
        await Retry.Until("the store has refused", () => stopped.Refusals > 0);
        stopped.IsStopped = false;
        await stand.PassAsync(TimeSpan.FromMinutes(1));
        await stand.ForgetAsync(orderNo);
        await stand.PassAsync(TimeSpan.FromMinutes(5));

        await stand.UntilAsync(orderNo, OrderState.Settled);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Of_messages_that_cannot_be_read_ten_a_minute_are_kept_and_logged_and_all_are_counted()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        for (var number = 0; number < 30; number++)
            await pile.SendAsync("telemetry", "{broken"u8.ToArray());
        await pile.RaiseAsync(1, _ => { });
        await pile.AckedAsync(1);
        await Retry.Until("ten are set aside, and the event", async () => (await AsideAsync(stand, pile.Device)).Count == 11);
        Assert.Equal(10, stand.App.Log.Records.Count(record => record.Message.Contains("sent something unreadable")));
        Assert.Single(stand.App.Log.Records, record => record.Message.Contains("pile-unreadable"));

        stand.Clock.Advance(TimeSpan.FromMinutes(1));
        await pile.SendAsync("telemetry", "{broken"u8.ToArray());
        await Retry.Until("one more is set aside", async () => (await AsideAsync(stand, pile.Device)).Count == 12);
    }

    [Fact]
    public async Task A_pile_that_floods_has_an_alarm()
    {
        await using var stand = await Stand.OpenAsync();
        var device = DeviceNo.Parse(stand.Device);
        var inbox = stand.App.Services.GetRequiredService<IPileListener>();

        inbox.Flooding(device);
        inbox.Flooding(device);

        var store = stand.App.Services.GetRequiredService<IStore>();
        await Retry.Until("there is an alarm", async () => (await store.RunAsync(tx => tx.ListAsync(PileTables.Alarms.ByKey, KeyRange.Prefix($"{device}"), 10)))
            is [{ Code: AlarmCode.Flooding, Raised: true, Plug: 0 }]);
    }

    [Fact]
    public async Task Only_the_newest_messages_that_could_not_be_read_are_kept()
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Piles:MaxUnreadable=3");
        var events = stand.App.Services.GetRequiredService<PileEvents>();
        for (var number = 1; number <= 5; number++)
            await events.QuarantineAsync(DeviceNo.Parse(stand.Device), $"reason {number}", new byte[number]);

        Assert.Equal(["reason 3", "reason 4", "reason 5"], (await AsideAsync(stand, stand.Device)).OrderBy(message => message.Number).Select(message => message.Reason));
    }

    [Fact]
    public async Task Events_above_the_limit_of_a_day_are_left_to_the_pile_but_not_the_end_of_a_charge()
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Piles:MaxEventsPerDay=100");
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await BeginAsync(stand, pile);
        for (var number = 1u; number <= 101; number++)
        {
            // Each message and each acknowledgement is a packet, and a still clock gives a pile 200 of them.
            if (number % 25 == 0)
                stand.Clock.Advance(TimeSpan.FromSeconds(1));
            await pile.RaiseAsync(number, _ => { });
        }
        await pile.RaiseAsync(200, raised => raised.ChargeEnded = Ended(orderNo, 20));

        await pile.AckedAsync(200);
        await pile.AckedAsync(100);
        Assert.DoesNotContain(pile.Received, command => command.EventAck?.EventId == 101);
        Assert.Equal(OrderState.Settled, (await stand.OrderAsync(orderNo)).State);
        Assert.Contains(stand.App.Log.Records, record => record.Message.Contains("pile-events") && record.Message.Contains("80 %"));
        Assert.Contains(stand.App.Log.Records, record => record.Message.Contains("pile-events") && record.Message.Contains("was reached"));
    }

    [Fact]
    public async Task Starts_of_an_open_charge_beyond_what_is_sent_again_count_too()
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Piles:MaxEventsPerDay=100");
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = await BeginAsync(stand, pile);
        for (var number = 1u; number <= 151; number++)
        {
            if (number % 25 == 0)
                stand.Clock.Advance(TimeSpan.FromSeconds(1));
            await pile.RaiseAsync(number, raised => raised.ChargeStarted = new ChargeStarted { OrderNo = orderNo, Plug = 2 });
        }
        await pile.AckedAsync(150);
        await Retry.Until("the limit of the charge and that of the day were reached", () => new[] { "charge-events", "pile-events" }.All(
            name => stand.App.Log.Records.Any(record => record.Message.Contains(name) && record.Message.Contains("was reached"))));
        Assert.DoesNotContain(pile.Received, command => command.EventAck?.EventId == 151);
    }

    private static ChargeEnded Ended(string orderNo, uint seconds) =>
        new() { OrderNo = orderNo, Plug = 2, Seconds = seconds, EnergyWh = 5, MaxPowerW = 200, Reason = EndReason.Full };

    private static async Task<string> BeginAsync(Stand stand, RawPile pile)
    {
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        var call = stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 1.01);
        await pile.AnswerAsync(await pile.HearAsync(command => command.StartCharge?.OrderNo == orderNo));
        Assert.Equal(200, (await call).Code);
        return orderNo;
    }

    private static async Task<IReadOnlyList<QuarantinedMessage>> AsideAsync(Stand stand, string device)
    {
        var store = stand.App.Services.GetRequiredService<IStore>();
        return await store.RunAsync(tx => tx.ListAsync(PileTables.Quarantine.ByKey, KeyRange.Prefix($"{device}:"), 100));
    }
}
