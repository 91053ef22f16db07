using Charging.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Accounts;

/// <summary>Sections 2 and 3: registration and login.</summary>
public sealed class RiderTests
{
    public static TheoryData<Transport> Transports => [Transport.Json, Transport.Grpc];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Registration_checks_in_the_order_of_the_contract(Transport transport)
    {
        await using var app = await ChargingApp.StartAsync(transport);
        var known = await app.RegisterAsync(wxname: "nihao");
        var phone = ChargingApp.NewPhone();
        await app.SendCodeAsync(phone, "register");
        var code = app.CodeFor(phone);
        var wrong = code == "000000" ? "000001" : "000000";
        foreach (var (p, c, w, expected) in new[]
        {
            ("1", code, "a", 403), (phone, "", "a", 403), (phone, "1234567", "a", 403), (phone, code, "", 403), (known.Phone, wrong, new string('x', 65), 403),
            (phone, code, "a\nb", 403), (phone, "\u200b\u0001", "a", 403),
            (known.Phone, wrong, "nihao", 2007), (phone, wrong, "nihao", 2009), (phone, "12", "nihao", 2009), (phone, code, "nihao", 2008),
            (phone, code, new string('微', 64), 200), (phone, code, "other", 2007),
        })
            Assert.Equal((p, c, w, expected), (p, c, w, (await RegisterAsync(app, p, c, w)).Code));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Login_checks_in_the_order_of_the_contract(Transport transport)
    {
        await using var app = await ChargingApp.StartAsync(transport);
        var rider = await app.RegisterAsync();
        await app.SendCodeAsync(rider.Phone, "login");
        var code = app.CodeFor(rider.Phone);
        Assert.Equal(403, (await LoginAsync(app, "x", code)).Code);
        Assert.Equal(403, (await LoginAsync(app, rider.Phone, "0000000")).Code);
        Assert.Equal(2014, (await LoginAsync(app, ChargingApp.NewPhone(), code)).Code);
        Assert.Equal(2009, (await LoginAsync(app, rider.Phone, code == "000000" ? "000001" : "000000")).Code);
        var answer = await LoginAsync(app, rider.Phone, code);
        Assert.Equal((200, "成功"), (answer.Code, answer.Message));
        Assert.Matches("^Bearer [A-Za-z0-9_-]{43}$", answer.Data!.Value.GetString());
        Assert.Equal(2009, (await LoginAsync(app, rider.Phone, code)).Code);
    }

    [Fact]
    public async Task A_code_expires()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock });
        var phone = ChargingApp.NewPhone();
        await app.SendCodeAsync(phone, "register");
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(2009, (await RegisterAsync(app, phone, app.CodeFor(phone), "late")).Code);
    }

    [Fact]
    public async Task A_lone_surrogate_in_a_name_is_403()
    {
        await using var app = await ChargingApp.StartAsync();
        foreach (var name in new[] { @"\ud800", @"a\udc00b", @"\ud83d", @"\u0000", @"\uffff" })
            Assert.Equal(403, (await app.PostAsync("register", $$$"""{"body":{"phone":"13800000000","code":"1","wxname":"{{{name}}}"}}""")).Code);
        Assert.Equal(2009, (await app.PostAsync("register", """{"body":{"phone":"13800000000","code":"1","wxname":"\ud83d\ude00"}}""")).Code);
    }

    [Fact]
    public async Task A_thousand_at_once_register_one_phone_once()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ChargingApp.ManyRiders });
        var phone = ChargingApp.NewPhone();
        await app.SendCodeAsync(phone, "register");
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => RegisterAsync(app, phone, app.CodeFor(phone), $"name{i}")));
        Assert.Single(answers, a => a.Code == 200);
        Assert.Equal(999, answers.Count(a => a.Code == 2007));
    }

    [Fact]
    public async Task A_thousand_phones_at_once_register_one_name_once_and_the_losers_keep_their_codes()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ChargingApp.ManyRiders });
        var phones = Enumerable.Range(0, 1000).Select(_ => ChargingApp.NewPhone()).ToArray();
        await Task.WhenAll(phones.Select(p => app.SendCodeAsync(p, "register")));
        var answers = await Task.WhenAll(phones.Select(p => RegisterAsync(app, p, app.CodeFor(p), "nihao")));
        Assert.Single(answers, a => a.Code == 200);
        Assert.Equal(999, answers.Count(a => a.Code == 2008));
        var loser = phones[Array.FindIndex(answers, a => a.Code == 2008)];
        Assert.Equal(200, (await RegisterAsync(app, loser, app.CodeFor(loser), "other")).Code);
    }

    [Fact]
    public async Task A_thousand_at_once_spend_one_code_once()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ChargingApp.ManyRiders });
        var rider = await app.RegisterAsync();
        await app.SendCodeAsync(rider.Phone, "login");
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => LoginAsync(app, rider.Phone, app.CodeFor(rider.Phone))));
        Assert.Single(answers, a => a.Code == 200);
        Assert.Equal(999, answers.Count(a => a.Code == 2009));
    }

    [Fact]
    public async Task Whoever_guesses_at_a_phone_is_told_no_more_and_its_owner_gets_in()
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync();
        for (var i = 0; i < 20; i++)
            Assert.Equal(2009, (await LoginAsync(app, rider.Phone, "000000")).Code);
        Assert.Equal(5000, (await LoginAsync(app, rider.Phone, "000000")).Code);
        Assert.Equal(5000, (await RegisterAsync(app, rider.Phone, "000000", "x")).Code);
        Assert.Equal(445, (await app.SendCodeAsync(rider.Phone, "register")).Code);
        Assert.Equal(200, (await app.SendCodeAsync(rider.Phone, "login")).Code);
        Assert.Equal(200, (await LoginAsync(app, rider.Phone, app.CodeFor(rider.Phone))).Code);
    }

    [Fact]
    public async Task An_address_that_asks_about_many_phones_is_refused()
    {
        string[] settings = ["--Charging:TrustedProxies:0=127.0.0.1", "--Charging:Codes:MaxFailuresPerAddress=3"];
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = settings });
        app.Http.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7");
        foreach (var expected in new[] { 2014, 2014, 2014, 445 })
            Assert.Equal(expected, (await app.SendCodeAsync(ChargingApp.NewPhone(), "login")).Code);
        Assert.Equal(5000, (await LoginAsync(app, ChargingApp.NewPhone(), "000000")).Code);
        Assert.Equal(5000, (await RegisterAsync(app, ChargingApp.NewPhone(), "000000", "x")).Code);

        app.Http.DefaultRequestHeaders.Remove("X-Forwarded-For");
        app.Http.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.8");
        Assert.Equal(200, (await app.SendCodeAsync(ChargingApp.NewPhone(), "register")).Code);
    }

    private static Task<Answer> RegisterAsync(ChargingApp app, string phone, string code, string wxname) =>
        app.PostAsync("register", new { body = new { phone, code, wxname } });

    private static Task<Answer> LoginAsync(ChargingApp app, string phone, string code) =>
        app.PostAsync("login", new { body = new { phone, code } });
}
