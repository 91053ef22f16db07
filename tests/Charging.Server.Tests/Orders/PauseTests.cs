using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Stations;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using AlarmCode = Charging.Device.V1.AlarmCode;
using OrderState = Charging.Server.Orders.OrderState;
using Pause = Charging.Server.Piles.Pause;
using Pile = Charging.Server.Piles.Pile;
using Station = Charging.Server.Stations.Station;

namespace Charging.Server.Tests.Orders;

/// <summary>A plug that is paused, by an operator or by an open alarm, takes no new charges in whatever way they come.</summary>
public sealed class PauseTests
{
    private const string Card = "2577522B";

    public static TheoryData<string, string> EveryWayToAPlug()
    {
        var all = new TheoryData<string, string>();
        string[] pauses = ["plug", "pile", "station", "alarm at the plug", "alarm at the pile", "retired"];
        foreach (var way in new[] { "payment", "callback", "balance", "revived", "revived from the balance", "prepay", "waiting", "resend" })
            all.Add(way, "plug");
        foreach (var pause in pauses)
        {
            all.Add("swipe", pause);
            all.Add("reserve", pause);
        }
        return all;
    }

    [Theory]
    [InlineData(0, 0, null, null, true)]
    [InlineData(2, 0, null, null, true)]
    [InlineData(3, 0, null, null, false)]
    [InlineData(2, 61, null, null, true)]
    [InlineData(2, 60, null, null, false)]
    [InlineData(2, 0, AlarmCode.Smoke, null, true)]
    [InlineData(3, 0, null, 0, true)]
    [InlineData(3, 0, null, 61, true)]
    [InlineData(3, 0, null, 60, false)]
    public void A_pause_keeps_its_plugs_for_its_time(int plug, int seconds, AlarmCode? alarm, int? stationSeconds, bool keeps)
    {
        var now = Stand.Beginning;
        var pile = new Pile { Device = DeviceNo.Parse("014441AC53"), PlugCount = 10, SecretHash = "", SecretGeneration = 1, RegisteredAt = now };
        var station = stationSeconds is null ? null : new Station { Id = "gate", Name = "Gate", CreatedAt = now, Pause = Made(0, stationSeconds.Value) };
        Assert.Equal(keeps, Pauses.Of(pile.With(Made(plug, seconds) with { Alarm = alarm }), station, 2, now.AddSeconds(60)) is not null);
        Assert.Null(Pauses.Of(pile, null, 2, now));
        Assert.NotNull(Pauses.Of(pile with { RetiredAt = now }, null, 2, now));

        Pause Made(int at, int lasts) => new() { Plug = at, Since = now, Until = lasts == 0 ? null : now.AddSeconds(lasts) };
    }

    [Fact]
    public void There_is_one_pause_for_each_plug_and_alarm()
    {
        var pile = new Pile { Device = DeviceNo.Parse("014441AC53"), PlugCount = 10, SecretHash = "", SecretGeneration = 1, RegisteredAt = Stand.Beginning };
        foreach (var (plug, alarm) in new (int, AlarmCode?)[] { (2, null), (2, AlarmCode.Smoke), (2, null), (0, null), (2, AlarmCode.Smoke) })
            pile = pile.With(new Pause { Plug = plug, Alarm = alarm, Since = Stand.Beginning });
        Assert.Equal([(2, null), (0, null), (2, AlarmCode.Smoke)], pile.Pauses!.Select(pause => (pause.Plug, pause.Alarm)));
        Assert.Equal([(0, null), (2, AlarmCode.Smoke)], pile.Without(2, null).Pauses!.Select(pause => (pause.Plug, pause.Alarm)));
    }

    [Theory]
    [MemberData(nameof(EveryWayToAPlug))]
    public async Task No_way_leads_to_a_paused_plug(string way, string how)
    {
        await using var stand = await Stand.OpenAsync();
        await stand.Rider.TopUpAsync(5);
        await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = Card } });
        var orderNo = way is "swipe" or "reserve" ? "" : await stand.ReserveAsync();
        if (way.StartsWith("revived", StringComparison.Ordinal))
            await stand.LeaveAsync();
        if (way == "waiting")
            await WaitForPileAsync(stand, orderNo);
        if (way == "resend")
            await WaitForAnswerAsync(stand, orderNo);

        await PauseAsync(stand, how);

        await GoAsync(stand, way, orderNo);
        Assert.Equal(0, stand.Pile.StartsObeyed(orderNo));
        Assert.Equal(5, await stand.Rider.BalanceAsync());
        await stand.CheckAsync(knowsBooks: way != "waiting");
    }

    [Theory]
    [InlineData(AlarmCode.Smoke, 2, false)]
    [InlineData(AlarmCode.Temperature, 0, true)]
    [InlineData(AlarmCode.Water, 2, true)]
    public async Task An_open_alarm_that_stops_plugs_keeps_riders_off_until_it_is_cleared(AlarmCode code, int plug, bool byOperator)
    {
        await using var stand = await Stand.OpenAsync();
        stand.Pile.RaiseAlarm(code, plug);
        await stand.Pile.WaitUntilAsync("the alarm was heard", pile => pile.Unacknowledged.Count == 0);
        Assert.Equal((2, 3005), (await stand.SeeAsync(2), (await stand.Rider.ReserveAsync(stand.Device, "02")).Code));
        Assert.Equal(plug == 0 ? 2 : 0, await stand.SeeAsync(3));

        await stand.App.RestartAsync();
        await stand.App.WaitUntilOnlineAsync(stand.Pile);
        Assert.Equal((2, 3005), (await stand.SeeAsync(2), (await stand.Rider.ReserveAsync(stand.Device, "02")).Code));

        if (byOperator)
            await new AlarmService.AlarmServiceClient(stand.App.AsOperator()).ClearAlarmAsync(new ClearAlarmRequest { AlarmId = $"{stand.Device}-{plug:D2}-{code}", Reason = "was dust" });
        else
            stand.Pile.RaiseAlarm(code, plug, raised: false);
        await Retry.Until("the plug is free", async () => await stand.SeeAsync(2) == 0);
        await stand.BeginAsync();
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task An_alarm_that_was_open_before_there_were_pauses_pauses_its_pile_at_the_start()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx =>
        {
            tx.Put(PileTables.Alarms, new PileAlarm { Device = DeviceNo.Parse(stand.Device), Plug = 2, Code = AlarmCode.Smoke, Severity = AlarmSeverity.Critical, Raised = true, At = tx.Now });
            return ValueTask.FromResult(true);
        });
        await stand.App.RestartAsync();
        await stand.App.WaitUntilOnlineAsync(stand.Pile);
        Assert.Equal((2, 0), (await stand.SeeAsync(2), await stand.SeeAsync(3)));
    }

    [Fact]
    public async Task What_charges_goes_on_at_a_paused_plug()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        await PauseAsync(stand, "pile");
        Assert.Equal((1, 2), (await stand.SeeAsync(2), await stand.SeeAsync(3)));
        await stand.PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        stand.Pile.BatteryFull(2);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal(25, (await stand.OrderAsync(orderNo)).UsedFen);
        stand.Pile.Unplug(2);
        await Retry.Until("nobody has the plug", async () => await stand.SeeAsync(2) == 2);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_pause_with_an_end_ends_by_itself()
    {
        await using var stand = await Stand.OpenAsync();
        await PauseAsync(stand, "plug", stand.Clock.GetUtcNow().AddMinutes(5));
        await stand.PassAsync(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        Assert.Equal((2, 3005), (await stand.SeeAsync(), (await stand.Rider.ReserveAsync(stand.Device, "02")).Code));
        await stand.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(0, await stand.SeeAsync());
        await stand.BeginAsync();
    }

    private static async Task GoAsync(Stand stand, string way, string orderNo)
    {
        switch (way)
        {
            case "reserve":
                var expected = (await stand.Rider.SeeAsync(stand.Device)).Code == 200 ? 3005 : 3003;
                Assert.Equal(expected, (await stand.Rider.ReserveAsync(stand.Device, "02")).Code);
                break;
            case "swipe":
                Assert.Equal(CardReason.PlugFault, (await stand.Pile.SwipeAsync(2, Card)).Reason);
                break;
            case "payment" or "revived":
                Assert.Equal(4000, (await stand.ChargeAsync(orderNo)).Code);
                await GoesBackAsync(stand, orderNo);
                break;
            case "callback":
                stand.App.Provider.Pay(orderNo, 101);
                await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx => stand.App.Services.GetRequiredService<PaymentEffects>().TakeUpAsync(tx, orderNo, 101));
                await GoesBackAsync(stand, orderNo);
                break;
            case "balance" or "revived from the balance":
                Assert.Equal(4000, (await stand.PayWithBalanceAsync(orderNo)).Code);
                break;
            case "prepay":
                Assert.Equal(403, (await stand.Rider.PrepayAsync(orderNo, 1.01)).Code);
                break;
            case "waiting":
                stand.Pile.RestoreLink();
                await stand.App.WaitUntilOnlineAsync(stand.Pile);
                await stand.PassUntilAsync(orderNo, OrderState.Refunded);
                break;
            case "resend":
                stand.Pile.Faults = new PileFaults();
                await stand.App.AdvanceUntil("it is given up", () => stand.OrderAsync(orderNo).Result.State == OrderState.Refunded);
                break;
        }
    }

    private static async Task GoesBackAsync(Stand stand, string orderNo)
    {
        await stand.UntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal(101, stand.App.Provider.Refunds[$"{orderNo}R1"]);
    }

    private static async Task WaitForPileAsync(Stand stand, string orderNo)
    {
        stand.Pile.CutLink();
        await stand.App.RestartAsync();
        _ = stand.ChargeAsync(orderNo);
        await stand.UntilAsync(orderNo, OrderState.Paid);
    }

    private static async Task WaitForAnswerAsync(Stand stand, string orderNo)
    {
        stand.Pile.Faults = new PileFaults { Silent = true };
        _ = stand.ChargeAsync(orderNo);
        await stand.Pile.WaitForCommandAsync(command => command.StartCharge is not null);
    }

    private static async Task PauseAsync(Stand stand, string how, DateTimeOffset? until = null)
    {
        if (how.StartsWith("alarm", StringComparison.Ordinal))
        {
            stand.Pile.RaiseAlarm(AlarmCode.Smoke, how == "alarm at the pile" ? 0 : 2);
            await stand.Pile.WaitUntilAsync("the alarm was heard", it => it.Unacknowledged.Count == 0);
            return;
        }
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(async tx =>
        {
            var pile = (await tx.GetAsync(PileTables.Piles, stand.Device))!;
            var pause = new Pause { Plug = how == "plug" ? 2 : 0, Reason = "repair", By = "somebody", Since = tx.Now, Until = until };
            tx.Put(StationTables.Stations, new Station { Id = "gate", Name = "Gate", CreatedAt = tx.Now, Pause = how == "station" ? pause : null });
            tx.Put(PileTables.Piles, how switch
            {
                "station" => pile with { Station = "gate" },
                "retired" => pile with { RetiredAt = tx.Now },
                _ => pile.With(pause),
            });
            return true;
        });
    }
}
