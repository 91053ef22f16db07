using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.Server.Accounts;
using Charging.Server.Cards;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Stations;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Alarm = Charging.Device.V1.Alarm;
using Station = Charging.Server.Stations.Station;

namespace Charging.Server.Tests.Orders;

/// <summary>What somebody can find out or spend with a pile's secret, or with a copy of a card.</summary>
public sealed class SwipeLimitTests
{
    private const string Card = "2577522B";
    private static readonly Place Here = new(31.2304, 121.4737);

    [Fact]
    public async Task When_ten_swipes_of_a_pile_were_refused_in_a_minute_no_card_is_looked_at_and_there_is_an_alarm()
    {
        await using var stand = await OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        uint events = 0;
        async Task<CardReason> SwipeAsync(string card, uint plug = 3, uint ageMs = 0)
        {
            var id = ++events;
            await pile.RaiseAsync(id, raised => (raised.AgeMs, raised.CardSwiped) = (ageMs, new CardSwiped { Plug = plug, CardNo = card }));
            var decision = (await pile.HearAsync(command => command.CardDecision?.EventId == id)).CardDecision;
            Assert.True(decision.Accepted || decision.BalanceFen == 0);
            return decision.Reason;
        }

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(CardReason.UnknownCard, await SwipeAsync($"{i:X8}"));
            Assert.Equal(CardReason.PlugFault, await SwipeAsync(Card, plug: 99));
            // Nobody looks at the card of a swipe that is too old.
            Assert.Equal(CardReason.TooOld, await SwipeAsync(Card, ageMs: 30_001));
        }
        Assert.Empty(await AlarmsAsync(stand));
        foreach (var card in new[] { Card, "FFFFFFFF", "?" })
            Assert.Equal(CardReason.TooManyRefused, await SwipeAsync(card));

        Assert.Equal((AlarmCode.RefusedSwipes, 0), (await AlarmsAsync(stand)).Select(alarm => (alarm.Code, alarm.Plug)).Single());
        Assert.Contains(stand.App.Log.Records, record => record.Message.Contains("refused-swipes"));
        Assert.True((await stand.Pile.SwipeAsync(6, Card)).Accepted);

        stand.Clock.Advance(PileCounts.SwipeWindow);
        Assert.Equal(CardReason.Unspecified, await SwipeAsync(Card));
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_alarm_of_the_servers_own_is_not_for_a_pile_to_raise_or_clear(bool raised)
    {
        await using var stand = await OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var device = DeviceNo.Parse(pile.Device);
        var store = stand.App.Services.GetRequiredService<IStore>();
        if (!raised)
        {
            await store.RunAsync(async tx =>
            {
                await PileAlarms.RaiseAsync(tx, device, AlarmCode.RefusedSwipes, AlarmSeverity.Warning);
                return true;
            });
        }
        await pile.RaiseAsync(1, told => told.Alarm = new Alarm { Code = AlarmCode.RefusedSwipes, Severity = AlarmSeverity.Info, Raised = raised });
        await pile.AckedAsync(1);

        Assert.Equal(raised ? 0 : 1, (await AlarmsAsync(stand)).Count);
        Assert.Single(await store.RunAsync(tx => tx.ListAsync(PileTables.Quarantine.ByKey, KeyRange.Prefix(""), 10)));
    }

    [Fact]
    public async Task A_card_that_is_used_at_distant_piles_within_minutes_is_blocked_and_its_owner_told()
    {
        var miniProgram = new FakeMiniProgram();
        await using var stand = await OpenAsync(miniProgram);
        var distant = await stand.App.AddPileAsync();
        // 11 km to the north.
        await PlaceAsync(stand, distant.Options.DeviceNo, Here with { Latitude = Here.Latitude + 0.1 });
        await ChangeAsync(stand, AccountTables.Users, AccountTables.Key(1), user => user with { OpenId = "oRider" });
        var cards = new CardService.CardServiceClient(stand.App.AsOperator());

        Assert.True((await stand.Pile.SwipeAsync(1, Card)).Accepted);
        await stand.PassAsync(TimeSpan.FromMinutes(4));
        var decision = await distant.SwipeAsync(1, Card);
        Assert.Equal((false, CardReason.Blocked, 0), (decision.Accepted, decision.Reason, decision.BalanceFen));
        Assert.Equal(CardReason.Blocked, (await stand.Pile.SwipeAsync(2, Card)).Reason);

        await Retry.Until("the owner is told", () => miniProgram.CardNotices.Any(notice => notice is { OpenId: "oRider", CardNo: Card } && notice.DeviceNo == distant.Options.DeviceNo));
        var detail = (await stand.Rider.PostAsync("getCardno", """{"detail":true}""")).Data!.Value[0];
        Assert.Equal("usedFarApart", detail.GetProperty("state").GetString());
        var shown = (await cards.GetCardAsync(new GetCardRequest { CardNo = Card })).Card;
        Assert.Matches($"^Used at {stand.Device} at 2019-12-04 11:07:.* and at {distant.Options.DeviceNo} at 2019-12-04 11:11:", shown.BlockedReason);

        shown = (await cards.UnblockCardAsync(new UnblockCardRequest { CardNo = Card })).Card;
        Assert.Equal((false, ""), (shown.Blocked, shown.BlockedReason));
        Assert.True((await distant.SwipeAsync(1, Card)).Accepted);
        Assert.Single(miniProgram.CardNotices);
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData(1.9, 0, false)]
    [InlineData(2.1, 0, true)]
    [InlineData(10, 239, true)]
    [InlineData(10, 241, false)]
    [InlineData(74.9, 1800, false)]
    [InlineData(1000, 1800, true)]
    [InlineData(1000, 1801, false)]
    public void Too_far_is_faster_than_anybody_travels_within_half_an_hour(double km, int seconds, bool tooFar)
    {
        Assert.Equal(tooFar, new CardTravel(null!, null!, new CardsOptions()).IsTooFar(km, TimeSpan.FromSeconds(seconds)));
        Assert.False(new CardTravel(null!, null!, new CardsOptions { MaxTravelKmPerHour = 0 }).IsTooFar(km, TimeSpan.FromSeconds(seconds)));
    }

    [Fact]
    public async Task Piles_without_a_position_are_not_compared()
    {
        await using var stand = await OpenAsync();
        var other = await stand.App.AddPileAsync();
        Assert.True((await stand.Pile.SwipeAsync(1, Card)).Accepted);
        Assert.True((await other.SwipeAsync(1, Card)).Accepted);
        Assert.True((await stand.Pile.SwipeAsync(2, Card)).Accepted);
        await stand.CheckAsync();
    }

    private static async Task<Stand> OpenAsync(FakeMiniProgram? miniProgram = null)
    {
        var stand = await Stand.OpenAsync(configure: builder => miniProgram?.Use(builder));
        await PlaceAsync(stand, stand.Device, Here);
        await stand.Rider.TopUpAsync(9);
        Assert.Equal(200, (await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = Card } })).Code);
        return stand;
    }

    private static async Task PlaceAsync(Stand stand, string deviceNo, Place place)
    {
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx =>
        {
            tx.Put(StationTables.Stations, new Station { Id = $"at-{deviceNo}".ToLowerInvariant(), Name = "a corner", Place = place, CreatedAt = tx.Now });
            return ValueTask.FromResult(true);
        });
        await ChangeAsync(stand, PileTables.Piles, deviceNo, pile => pile with { Station = $"at-{deviceNo}".ToLowerInvariant() });
    }

    private static Task<IReadOnlyList<PileAlarm>> AlarmsAsync(Stand stand) =>
        stand.App.Services.GetRequiredService<IStore>().RunAsync(tx => tx.ListAsync(PileTables.Alarms.ByKey, KeyRange.Prefix(""), 10));

    private static Task<bool> ChangeAsync<T>(Stand stand, Table<T> table, string key, Func<T, T> change)
        where T : class => stand.App.Services.GetRequiredService<IStore>().RunAsync(async tx =>
    {
        tx.Put(table, change((await tx.GetAsync(table, key))!));
        return true;
    });
}
