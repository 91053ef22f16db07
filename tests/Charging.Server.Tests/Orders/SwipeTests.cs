using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Accounts;
using Charging.Server.Cards;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>A card held to a pile (device-protocol.md, What the server does).</summary>
public sealed class SwipeTests
{
    private const string Card = "2577522B";

    [Fact]
    public async Task A_swipe_pays_from_the_balance_and_charges()
    {
        await using var stand = await OpenAsync(2.5);
        stand.Pile.Faults = new PileFaults { DuplicateEvents = true };
        var decision = await stand.Pile.SwipeAsync(6, Card);
        Assert.Equal((true, CardReason.Unspecified, 150), (decision.Accepted, decision.Reason, decision.BalanceFen));
        await stand.Pile.WaitUntilAsync("charging", pile => pile.Plug(6).State == PlugState.Charging && pile.Unacknowledged.Count == 0);
        var order = await stand.NewestAsync();
        var orderNo = order.GetProperty("orderNo").GetString()!;
        Assert.Equal($"{stand.Device}{stand.Clock.GetUtcNow().ToUnixTimeMilliseconds()}", orderNo);
        Assert.Equal((Card, "06", 2, 1.0), (order.GetProperty("cardNo").GetString(), order.GetProperty("plugNo").GetString(), order.GetProperty("orderTag").GetInt32(), order.GetProperty("amount").GetDouble()));
        Assert.Equal(1, stand.Pile.StartsObeyed(orderNo));
        Assert.Equal(1, (await stand.Rider.ListAsync()).Data!.Value.GetProperty("total").GetInt32());
        Assert.Equal(403, (await stand.ChargeAsync(orderNo, 1, 6)).Code);

        stand.Pile.BatteryFull(6);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Two_swipes_in_one_millisecond_have_two_numbers()
    {
        await using var stand = await OpenAsync(5);
        await Task.WhenAll(stand.Pile.SwipeAsync(1, Card), stand.Pile.SwipeAsync(2, Card), stand.Pile.SwipeAsync(3, Card));
        Assert.Equal(3, (await stand.Rider.ListAsync()).Data!.Value.GetProperty("list").EnumerateArray().Select(order => order.GetProperty("orderNo").GetString()).Distinct().Count());
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_swipe_that_waits_for_the_store_for_longer_than_a_rider_does_is_too_old()
    {
        await using var stand = await OpenAsync(5);
        var store = stand.App.Services.GetRequiredService<LiteDbStore>();
        using var end = new ManualResetEventSlim();
        using var isHeld = new ManualResetEventSlim();
        var holding = store.RunAsync(_ =>
        {
            isHeld.Set();
            end.Wait();
            return ValueTask.FromResult(true);
        });
        isHeld.Wait();
        var swiping = stand.Pile.SwipeAsync(6, Card);
        await Retry.Until("the swipe waits", () => store.Waiting > 0);
        stand.Clock.Advance(CardSwipes.LongestWait + TimeSpan.FromSeconds(1));
        end.Set();
        await holding;

        var decision = await swiping;
        Assert.Equal((false, CardReason.TooOld), (decision.Accepted, decision.Reason));
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData("no such card", CardReason.UnknownCard)]
    [InlineData("a card of nobody", CardReason.UnknownCard)]
    [InlineData("a blocked card", CardReason.Blocked)]
    [InlineData("a blocked rider", CardReason.Blocked)]
    [InlineData("too little", CardReason.InsufficientBalance)]
    [InlineData("the owner's limit", CardReason.LimitReached)]
    [InlineData("reserved", CardReason.PlugBusy)]
    [InlineData("finished", CardReason.PlugBusy)]
    [InlineData("broken", CardReason.PlugFault)]
    [InlineData("no such plug", CardReason.PlugFault)]
    public async Task A_swipe_that_cannot_charge_is_told_why(string what, CardReason reason)
    {
        await using var stand = await OpenAsync(what == "too little" ? 0.99 : 5);
        var (plug, card) = (6, Card);
        switch (what)
        {
            case "no such card": card = "00000000"; break;
            case "a card of nobody": await stand.Rider.PostAsync("unbindCard", new { body = new { cardNo = Card } }); break;
            case "a blocked card": await ChangeAsync(stand, CardTables.Cards, CardTables.PhysicalKey(0x2577522B), found => found with { Blocked = true }); break;
            case "a blocked rider": await ChangeAsync(stand, AccountTables.Users, AccountTables.Key(1), found => found with { Blocked = true }); break;
            case "the owner's limit": Assert.Equal(200, (await stand.Rider.PostAsync("setCardLimit", new { body = new { cardNo = Card, dailyLimit = 0.99 } })).Code); break;
            case "reserved": await stand.ReserveAsync(6, await stand.App.RegisterAsync()); break;
            case "broken": stand.Pile.BreakPlug(6); break;
            case "no such plug": plug = 99; break;
            case "finished":
                var first = await stand.BeginAsync(6);
                stand.Pile.BatteryFull(6);
                await stand.UntilAsync(first, OrderState.Settled);
                break;
        }
        // Whatever the pile said before the swipe was heard before it.
        var decision = await stand.Pile.SwipeAsync(plug, card);
        // Whoever has a pile reads no balance where nothing could be spent.
        Assert.Equal((false, reason, reason == CardReason.InsufficientBalance ? 99 : 0), (decision.Accepted, decision.Reason, decision.BalanceFen));
        await stand.Pile.WaitUntilAsync("acknowledged", pile => pile.Unacknowledged.Count == 0);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_card_pays_on_a_day_what_its_owner_allows_and_again_on_the_next()
    {
        await using var stand = await OpenAsync(9);
        Assert.Equal(200, (await stand.Rider.PostAsync("setCardLimit", new { body = new { cardNo = Card, dailyLimit = "2.50" } })).Code);
        Assert.True((await stand.Pile.SwipeAsync(1, Card)).Accepted);
        Assert.True((await stand.Pile.SwipeAsync(2, Card)).Accepted);
        Assert.Equal(CardReason.LimitReached, (await stand.Pile.SwipeAsync(3, Card)).Reason);

        Assert.Equal(200, (await stand.Rider.PostAsync("setCardLimit", new { body = new { cardNo = Card, dailyLimit = 0 } })).Code);
        Assert.True((await stand.Pile.SwipeAsync(3, Card)).Accepted);
        Assert.Equal(200, (await stand.Rider.PostAsync("setCardLimit", new { body = new { cardNo = Card, dailyLimit = 1 } })).Code);
        Assert.Equal(CardReason.LimitReached, (await stand.Pile.SwipeAsync(4, Card)).Reason);
        // It is 11:07 in Shanghai.
        await stand.PassAsync(TimeSpan.FromHours(13));
        Assert.True((await stand.Pile.SwipeAsync(4, Card)).Accepted);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_card_is_accepted_so_often_in_an_hour_and_pays_so_much_on_a_day_and_operators_hear_of_it()
    {
        await using var stand = await Stand.OpenAsync(settings: ["--Charging:Cards:MaxSwipesPerHour=2", "--Charging:Cards:MaxFenPerDay=300"]);
        await stand.Rider.TopUpAsync(9);
        Assert.Equal(200, (await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = Card } })).Code);
        Assert.True((await stand.Pile.SwipeAsync(1, Card)).Accepted);
        Assert.True((await stand.Pile.SwipeAsync(2, Card)).Accepted);
        Assert.Equal(CardReason.LimitReached, (await stand.Pile.SwipeAsync(3, Card)).Reason);
        await HeardOfAsync("card-swipes");

        await stand.PassAsync(CardHour.Length);
        Assert.True((await stand.Pile.SwipeAsync(3, Card)).Accepted);
        await stand.PassAsync(CardHour.Length);
        Assert.Equal(CardReason.LimitReached, (await stand.Pile.SwipeAsync(4, Card)).Reason);
        await HeardOfAsync("card-amount");

        // It is after 13:07 in Shanghai.
        await stand.PassAsync(TimeSpan.FromHours(11));
        Assert.True((await stand.Pile.SwipeAsync(4, Card)).Accepted);
        await stand.CheckAsync();

        async Task HeardOfAsync(string limit)
        {
            await Retry.Until("the log says so", () => stand.App.Log.Records.Any(record => record.Message.Contains(limit, StringComparison.Ordinal)));
            var store = stand.App.Services.GetRequiredService<IStore>();
            var events = await store.RunAsync(tx => tx.ListAsync(PileTables.SeenEvents.ByKey, KeyRange.Prefix(stand.Device), 200));
            Assert.Equal(limit, events.Last(seen => seen.Reason == CardReason.LimitReached).Limit);
            Assert.NotNull(await store.RunAsync(tx => tx.GetAsync(PileTables.Alarms, PileAlarm.IdOf(DeviceNo.Parse(stand.Device), 0, AlarmCode.CardLimit))));
        }
    }

    [Theory]
    [InlineData(30_000u, "boot-1", true)]
    [InlineData(30_001u, "boot-1", false)]
    [InlineData(uint.MaxValue, "boot-1", false)]
    [InlineData(0u, "boot-0", false)]
    [InlineData(0u, "", false)]
    public async Task A_swipe_that_is_too_old_is_never_debited(uint age, string boot, bool accepted)
    {
        await using var stand = await OpenAsync(5);
        await using var pile = await RawPile.OpenAsync(stand.App);
        await pile.RaiseAsync(1, raised => (raised.AgeMs, raised.BootId, raised.CardSwiped) = (age, boot, new CardSwiped { Plug = 3, CardNo = Card }));
        var decision = await pile.HearAsync(command => command.CardDecision?.EventId == 1);
        Assert.Equal((accepted, accepted ? CardReason.Unspecified : CardReason.TooOld), (decision.CardDecision.Accepted, decision.CardDecision.Reason));
        await pile.AckedAsync(1);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_start_that_is_rejected_gives_the_money_back_to_the_balance_at_once()
    {
        await using var stand = await OpenAsync(1);
        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.Overload };
        await stand.Pile.SwipeAsync(6, Card);
        var orderNo = (await stand.NewestAsync()).GetProperty("orderNo").GetString()!;
        await stand.UntilAsync(orderNo, OrderState.Refunded);
        stand.Pile.Faults = new PileFaults();
        Assert.True((await stand.Pile.SwipeAsync(6, Card)).Accepted);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_start_that_is_never_answered_gives_the_money_back_after_ten_minutes()
    {
        await using var stand = await OpenAsync(1);
        await using var pile = await RawPile.OpenAsync(stand.App);
        await pile.RaiseAsync(1, raised => raised.CardSwiped = new CardSwiped { Plug = 3, CardNo = Card });
        await pile.HearAsync(command => command.StartCharge is not null);
        var orderNo = (await stand.NewestAsync()).GetProperty("orderNo").GetString()!;
        await stand.PassUntilAsync(orderNo, OrderState.StartFailed);
        Assert.Equal(CardReason.InsufficientBalance, (await stand.Pile.SwipeAsync(6, Card)).Reason);
        await stand.PassUntilAsync(orderNo, OrderState.Refunded);
        Assert.True((await stand.Pile.SwipeAsync(6, Card)).Accepted);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_thousand_swipes_at_once_spend_no_more_than_there_is()
    {
        await using var stand = await OpenAsync(3);
        await using var pile = await RawPile.OpenAsync(stand.App, plugs: 99);
        var others = new List<RawPile>();
        for (var i = 0; i < 9; i++)
            others.Add(await RawPile.OpenAsync(stand.App, plugs: 99));
        await Task.WhenAll(others.Append(pile).SelectMany(each => Enumerable.Range(1, 100).Select(n => each.RaiseAsync(
            (uint)n, raised => raised.CardSwiped = new CardSwiped { Plug = (uint)((n % 99) + 1), CardNo = Card }))));
        foreach (var each in others.Append(pile))
        {
            await Retry.Until("all were decided", () => each.Received.Count(command => command.CardDecision is not null) == 100);
            await each.DisposeAsync();
        }
        Assert.Equal(3, others.Append(pile).Sum(each => each.Received.Count(command => command.CardDecision is { Accepted: true })));
        Assert.Equal(3, (await stand.Rider.ListAsync()).Data!.Value.GetProperty("total").GetInt32());
        await stand.CheckAsync();
    }

    private static async Task<Stand> OpenAsync(double yuan)
    {
        // The flood guard counts by the clock, which stands still.
        var stand = await Stand.OpenAsync(settings: ["--Charging:Mqtt:PacketBurst=100000", "--Charging:Mqtt:MaxCommandsInFlight=1000"]);
        await stand.Rider.TopUpAsync(yuan);
        Assert.Equal(200, (await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = Card } })).Code);
        return stand;
    }

    private static Task<bool> ChangeAsync<T>(Stand stand, Table<T> table, string key, Func<T, T> change)
        where T : class => stand.App.Services.GetRequiredService<IStore>().RunAsync(async tx =>
    {
        tx.Put(table, change((await tx.GetAsync(table, key))!));
        return true;
    });
}
