using System.Text.Json;
using Charging.Server.Cards;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Cards;

/// <summary>Sections 4, 11, 12 and 14: cards.</summary>
public sealed class CardTests
{
    public static TheoryData<Transport> Transports => [Transport.Json, Transport.Grpc];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_number_without_a_cards_form_is_403(Transport transport)
    {
        await using var app = await ChargingApp.StartAsync(transport);
        var rider = await app.RegisterAsync();
        foreach (var number in new[] { "", "1", "1234567", "1234567g", "12345678901", "4294967296", "9999999999", "12345 78", "0x123456", "+123456789", "１２３４５６７８９", "1234567\u0007", new string('1', 17) })
        {
            Assert.Equal((number, 403), (number, await BindAsync(rider, number)));
            Assert.Equal((number, 403), (number, await UnbindAsync(rider, number)));
        }
        Assert.Equal(403, (await rider.PostAsync("bindCard", "{}")).Code);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_virtual_card_binds_once_to_one_rider_who_has_none(Transport transport)
    {
        await using var app = await StartWithIssuedAsync(transport, "111111786", "222222222");
        var (rider, other) = (await app.RegisterAsync(), await app.RegisterAsync());
        Assert.Equal(4002, await BindAsync(rider, "333333333"));
        Assert.Equal(200, await BindAsync(rider, "111111786"));
        Assert.Equal(4003, await BindAsync(rider, "111111786"));
        Assert.Equal(4003, await BindAsync(rider, "222222222"));
        Assert.Equal(4003, await BindAsync(other, "111111786"));
        Assert.Equal(4004, await UnbindAsync(other, "111111786"));
        Assert.Equal(4002, await UnbindAsync(other, "333333333"));
        Assert.Equal(200, await UnbindAsync(rider, "111111786"));
        Assert.Equal(4004, await UnbindAsync(rider, "111111786"));
        Assert.Equal(200, await BindAsync(other, "111111786"));
    }

    [Fact]
    public async Task A_blocked_virtual_card_is_4002()
    {
        await using var app = await StartWithIssuedAsync(Transport.Json, "111111786");
        var rider = await app.RegisterAsync();
        await app.Services.GetRequiredService<IStore>().RunAsync(async tx =>
        {
            var card = await tx.GetAsync(CardTables.Cards, "v:111111786");
            tx.Put(CardTables.Cards, card! with { Blocked = true });
            return true;
        });
        Assert.Equal(4002, await BindAsync(rider, "111111786"));
    }

    [Fact]
    public async Task What_was_issued_as_virtual_is_virtual_whatever_its_form()
    {
        await using var app = await StartWithIssuedAsync(Transport.Json, "34345799", "0000000000");
        var rider = await app.RegisterAsync();
        Assert.Equal(200, await BindAsync(rider, "34345799"));
        Assert.Equal(4003, await BindAsync(rider, "0000000000"));
        // The same bits in another spelling are a physical card, and another one.
        Assert.Equal(200, await BindAsync(rider, "00000000"));
        Assert.Equal(["34345799", "00000000"], await ListAsync(rider));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_physical_card_has_two_spellings_and_is_answered_as_first_bound(Transport transport)
    {
        await using var app = await ChargingApp.StartAsync(transport);
        var (rider, other) = (await app.RegisterAsync(), await app.RegisterAsync());
        Assert.Equal(200, await BindAsync(rider, "2577522b"));
        Assert.Equal(200, await BindAsync(rider, "0628576811"));
        Assert.Equal(200, await BindAsync(rider, "2577522B"));
        Assert.Equal(["2577522b"], await ListAsync(rider));
        Assert.Equal(403, await BindAsync(other, "0628576811"));
        Assert.Equal(4004, await UnbindAsync(other, "2577522B"));
        Assert.Equal(200, await UnbindAsync(rider, "0628576811"));
        Assert.Equal(4002, await UnbindAsync(other, "FFFFFFFE"));
        Assert.Equal(200, await BindAsync(other, "0628576811"));
        Assert.Equal(["0628576811"], await ListAsync(other));
        Assert.Equal(200, await BindAsync(rider, "4294967295"));
    }

    [Fact]
    public async Task The_byte_order_is_a_setting()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ["--Charging:Cards:ByteOrder=LittleEndian"] });
        var (rider, other) = (await app.RegisterAsync(), await app.RegisterAsync());
        Assert.Equal(200, await BindAsync(rider, "2577522B"));
        Assert.Equal(403, await BindAsync(other, "0726824741"));
        Assert.Equal(200, await BindAsync(other, "0628576811"));
    }

    [Fact]
    public async Task The_number_of_virtual_digits_is_a_setting()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ["--Charging:Cards:VirtualDigits=12"] });
        var rider = await app.RegisterAsync();
        Assert.Equal(4002, await BindAsync(rider, "111111111786"));
        Assert.Equal(403, await BindAsync(rider, "111111786"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Cards_are_listed_in_the_order_of_binding_and_a_card_bound_again_comes_last(Transport transport)
    {
        await using var app = await StartWithIssuedAsync(transport, "111111786");
        var rider = await app.RegisterAsync();
        Assert.Empty(await ListAsync(rider));
        foreach (var number in new[] { "FFFFFFFF", "111111786", "0000000000" })
            Assert.Equal(200, await BindAsync(rider, number));
        Assert.Equal(["FFFFFFFF", "111111786", "0000000000"], await ListAsync(rider));
        await UnbindAsync(rider, "FFFFFFFF");
        await BindAsync(rider, "FFFFFFFF");
        await app.RestartAsync();
        Assert.Equal(["111111786", "0000000000", "FFFFFFFF"], await ListAsync(rider));
    }

    [Fact]
    public async Task A_rider_cannot_name_cards_without_end()
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 150).Select(i => BindAsync(rider, $"{i:X8}")));
        Assert.Equal((100, 50), (answers.Count(c => c == 200), answers.Count(c => c == 403)));
    }

    [Theory]
    [InlineData("bindCard")]
    [InlineData("unbindCard")]
    public async Task Of_numbers_that_are_not_the_callers_twenty_a_day_are_answered_about(string route)
    {
        var clock = new FakeTimeProvider(Stand.Beginning);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock });
        var (victim, other, rider) = (await app.RegisterAsync(), await app.RegisterAsync(), await app.RegisterAsync());
        var theirs = Enumerable.Range(0, 21).Select(i => $"{i:X8}").ToArray();
        foreach (var number in theirs)
            Assert.Equal(200, await BindAsync(victim, number));
        Assert.Equal(200, await BindAsync(rider, "FFFFFFFF"));
        async Task<int> AskAsync(Rider by, string number) => (await by.PostAsync(route, new { body = new { cardNo = number } })).Code;
        var told = route == "bindCard" ? 403 : 4004;

        // A number in its other spelling, or once more, is the same one.
        foreach (var number in theirs[..19].Append("0000000001").Append(theirs[2]))
            Assert.Equal(told, await AskAsync(rider, number));
        Assert.Equal(4002, await AskAsync(rider, "123456789"));
        foreach (var number in new[] { "123456789", "987654321", theirs[0], theirs[20], "FFFFFFFE" })
            Assert.Equal((number, 403), (number, await AskAsync(rider, number)));
        await app.RestartAsync();
        Assert.Equal(403, await AskAsync(rider, "123456789"));
        Assert.Contains(app.Log.Records, record => record.Message.Contains("card-numbers") && !record.Message.Contains("123456789"));

        Assert.Equal((200, 4002), (await BindAsync(rider, "FFFFFFFF"), await AskAsync(other, "123456789")));
        clock.Advance(TimeSpan.FromHours(13));
        Assert.Equal(4002, await AskAsync(rider, "123456789"));
    }

    [Fact]
    public async Task A_card_that_is_bound_to_see_whose_it_is_and_given_away_again_counts()
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync();
        for (var i = 0; i < 20; i++)
            Assert.Equal((200, 200), (await BindAsync(rider, $"{i:X8}"), await UnbindAsync(rider, $"{i:X8}")));
        Assert.Equal(403, await BindAsync(rider, "0000FFFF"));
    }

    [Fact]
    public async Task Details_of_cards_are_there_for_who_asks_and_a_limit_only_for_the_owner()
    {
        await using var app = await StartWithIssuedAsync(Transport.Json, "111111786");
        var (rider, other) = (await app.RegisterAsync(), await app.RegisterAsync());
        foreach (var number in new[] { "2577522B", "111111786" })
            Assert.Equal(200, await BindAsync(rider, number));
        foreach (var (by, number, limit, code) in new (Rider, string, object?, int)[]
        {
            (rider, "0628576811", 12.5, 200), (other, "2577522B", 1, 403), (rider, "123456789", 1, 403), (rider, "?", 1, 403),
            (rider, "2577522B", -1, 403), (rider, "2577522B", 0.001, 403), (rider, "2577522B", 1000.01, 403), (rider, "2577522B", null, 403), (rider, "2577522B", "x", 403),
        })
            Assert.Equal((number, limit, code), (number, limit, (await by.PostAsync("setCardLimit", new { body = new { cardNo = number, dailyLimit = limit } })).Code));

        const string Detailed = """[{"cardNo":"2577522B","state":"active","dailyLimit":12.5,"usedToday":0},{"cardNo":"111111786","state":"active","dailyLimit":0,"usedToday":0}]""";
        foreach (var body in new[] { """{"body":{"detail":true}}""", """{"detail":true}""" })
            Assert.Equal(Detailed, JsonSerializer.Serialize((await rider.PostAsync("getCardno", body)).Data));
        Assert.Equal(["2577522B", "111111786"], await ListAsync(rider));
        Assert.Equal(200, await UnbindAsync(rider, "2577522B"));
        Assert.Equal(200, await BindAsync(other, "2577522B"));
        Assert.Equal("""[{"cardNo":"2577522B","state":"active","dailyLimit":0,"usedToday":0}]""", JsonSerializer.Serialize((await other.PostAsync("getCardno", """{"detail":true}""")).Data));
    }

    [Fact]
    public async Task Issuing_twice_changes_nothing()
    {
        await using var app = await StartWithIssuedAsync(Transport.Json, "111111786");
        var rider = await app.RegisterAsync();
        await BindAsync(rider, "111111786");
        Assert.True(CardNo.TryParse("111111786", out var number));
        Assert.Equal(0, (await app.Services.GetRequiredService<Server.Cards.Cards>().IssueAsync([number])).Value);
        Assert.Equal(["111111786"], await ListAsync(rider));
    }

    [Fact]
    public async Task A_riders_physical_card_cannot_be_issued_as_a_virtual_one()
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync();
        await BindAsync(rider, "0000000000");
        var cards = app.Services.GetRequiredService<Server.Cards.Cards>();
        Assert.Equal(403, (await cards.IssueAsync([CardNo.Parse("111111786"), CardNo.Parse("00000000")])).Code.Code);
        Assert.Equal(4002, await BindAsync(rider, "111111786"));
        Assert.Equal(["0000000000"], await ListAsync(rider));
    }

    [Theory]
    [InlineData("111111786")]
    [InlineData("0628576811")]
    public async Task A_thousand_riders_at_once_bind_one_card_once(string number)
    {
        await using var app = await StartWithIssuedAsync(new ChargingAppOptions { Settings = ChargingApp.ManyRiders }, "111111786");
        var riders = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => app.RegisterAsync()));
        var codes = await Task.WhenAll(riders.Select(r => BindAsync(r, number)));
        Assert.Single(codes, c => c == 200);
        Assert.Equal(999, codes.Count(c => c == (number.Length == 9 ? 4003 : 403)));
        var lists = await Task.WhenAll(riders.Select(ListAsync));
        Assert.Equal(number, Assert.Single(lists.SelectMany(l => l)));
    }

    [Fact]
    public async Task A_swipe_finds_a_card_in_either_spelling()
    {
        await using var app = await StartWithIssuedAsync(Transport.Json, "111111786");
        var rider = await app.RegisterAsync();
        await BindAsync(rider, "2577522B");
        foreach (var (spelling, key) in new[] { ("2577522b", "p:0628576811"), ("0628576811", "p:0628576811"), ("111111786", "v:111111786"), ("00000001", null), ("?", null), ("", null) })
            Assert.Equal((spelling, key), (spelling, (await FindAsync(app, spelling))?.Key));
    }

    private static Task<ChargingApp> StartWithIssuedAsync(Transport transport, params string[] numbers) =>
        StartWithIssuedAsync(new ChargingAppOptions { Transport = transport }, numbers);

    private static async Task<ChargingApp> StartWithIssuedAsync(ChargingAppOptions options, params string[] numbers)
    {
        var app = await ChargingApp.StartAsync(options);
        var parsed = numbers.Select(n => CardNo.TryParse(n, out var number) ? number : throw new ArgumentException(n)).ToArray();
        Assert.Equal(numbers.Length, (await app.Services.GetRequiredService<Server.Cards.Cards>().IssueAsync(parsed)).Value);
        return app;
    }

    private static Task<Card?> FindAsync(ChargingApp app, string spelling)
    {
        var cards = app.Services.GetRequiredService<Server.Cards.Cards>();
        return app.Services.GetRequiredService<IStore>().RunAsync(tx => cards.FindAsync(tx, spelling));
    }

    private static async Task<int> BindAsync(Rider rider, string cardNo) => (await rider.PostAsync("bindCard", new { body = new { cardNo } })).Code;

    [Fact]
    public async Task A_physical_card_that_nobody_has_is_kept_only_while_it_is_blocked()
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync();
        var cards = new Ops.V1.CardService.CardServiceClient(app.AsOperator());
        foreach (var number in new[] { "00000001", "00000002", "00000003" })
            Assert.Equal(200, await BindAsync(rider, number));
        await cards.BlockCardAsync(new Ops.V1.BlockCardRequest { CardNo = "00000003", Reason = "stolen" });

        Assert.Equal(200, await UnbindAsync(rider, "00000001"));
        await cards.UnbindCardAsync(new Ops.V1.UnbindCardRequest { CardNo = "00000002" });
        Assert.Equal(200, await UnbindAsync(rider, "00000003"));

        Assert.Equal("00000003", Assert.Single((await cards.ListCardsAsync(new Ops.V1.ListCardsRequest())).Cards).CardNo);
        Assert.Equal((200, 403), (await BindAsync(rider, "00000001"), await BindAsync(rider, "00000003")));
    }

    private static async Task<int> UnbindAsync(Rider rider, string cardNo) => (await rider.PostAsync("unbindCard", new { body = new { cardNo } })).Code;

    private static async Task<string?[]> ListAsync(Rider rider)
    {
        var answer = await rider.PostAsync("getCardno");
        return [.. answer.Data?.EnumerateArray().Select(c => c.GetProperty("cardNo").GetString()) ?? []];
    }
}
