using Charging.Server.Accounts;
using Charging.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Accounts;

/// <summary>Section 1: validation codes.</summary>
public sealed class CodeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 4, 0, 0, TimeSpan.Zero);

    public static TheoryData<Transport> Transports => [Transport.Json, Transport.Grpc];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Checks_come_in_the_order_of_the_contract(Transport transport)
    {
        await using var app = await ChargingApp.StartAsync(transport);
        var known = await app.RegisterAsync();
        foreach (var (phone, type, code) in new[]
        {
            ("12345", "nonsense", 403), ("", "register", 403), ("23800000000", "register", 403), ("1380000000a", "login", 403),
            (known.Phone, "", 403), (known.Phone, "a\u0007", 403), (known.Phone, new string('x', 65), 403),
            (known.Phone, "nonsense", 2013), (known.Phone, "Register", 2013),
            (known.Phone, "register", 2007), (ChargingApp.NewPhone(), "login", 2014),
            (known.Phone, "login", 200), (known.Phone, "login", 445), (known.Phone, "register", 2007),
        })
            Assert.Equal((phone, type, code), (phone, type, (await app.SendCodeAsync(phone, type)).Code));
        Assert.Equal(403, (await app.PostAsync("sendValidateCode", "{}")).Code);
        Assert.Equal(403, (await app.PostAsync("sendValidateCode", """{"body":{}}""")).Code);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_code_has_six_digits_and_blocks_the_next_for_two_minutes(Transport transport)
    {
        var clock = new FakeTimeProvider(Noon);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock, Transport = transport });
        var phone = ChargingApp.NewPhone();
        Assert.Equal(200, (await app.SendCodeAsync(phone, "register")).Code);
        Assert.Matches("^[0-9]{6}$", app.CodeFor(phone));
        clock.Advance(TimeSpan.FromSeconds(119));
        Assert.Equal(445, (await app.SendCodeAsync(phone, "register")).Code);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await app.SendCodeAsync(phone, "register")).Code);
    }

    [Fact]
    public async Task The_life_of_a_code_is_a_setting()
    {
        var clock = new FakeTimeProvider(Noon);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock, Settings = ["--Charging:Codes:Lifetime=00:00:30"] });
        var phone = ChargingApp.NewPhone();
        await app.SendCodeAsync(phone, "register");
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(2009, (await RegisterAsync(app, phone, app.CodeFor(phone))).Code);
    }

    [Fact]
    public async Task A_phone_gets_ten_codes_a_day_by_the_clock_of_shanghai()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 15, 30, 0, TimeSpan.Zero));
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock });
        var phone = ChargingApp.NewPhone();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(200, (await app.SendCodeAsync(phone, "register")).Code);
            clock.Advance(TimeSpan.FromMinutes(2));
        }
        Assert.Equal(445, (await app.SendCodeAsync(phone, "register")).Code);
        await app.RestartAsync();
        Assert.Equal(445, (await app.SendCodeAsync(phone, "register")).Code);
        clock.SetUtcNow(new DateTimeOffset(2026, 3, 1, 16, 0, 0, TimeSpan.Zero));
        Assert.Equal(200, (await app.SendCodeAsync(phone, "register")).Code);
    }

    [Theory]
    [InlineData(SmsBehaviour.Refuse, 5000)]
    [InlineData(SmsBehaviour.Limit, 445)]
    public async Task A_code_that_the_provider_refuses_is_removed(SmsBehaviour behaviour, int code)
    {
        await using var app = await ChargingApp.StartAsync();
        var phone = ChargingApp.NewPhone();
        app.Sms.Behaviour = behaviour;
        // More often than a phone may get codes: what was not sent does not count.
        for (var i = 0; i < PhoneCodes.MaxPerDay + 1; i++)
            Assert.Equal(code, (await app.SendCodeAsync(phone, "register")).Code);
        app.Sms.Behaviour = SmsBehaviour.Deliver;
        Assert.Equal(200, (await app.SendCodeAsync(phone, "register")).Code);
    }

    [Fact]
    public async Task A_code_whose_sms_arrives_after_a_timeout_works()
    {
        await using var app = await ChargingApp.StartAsync();
        var phone = ChargingApp.NewPhone();
        app.Sms.Behaviour = SmsBehaviour.TimeOutAfterDelivery;
        Assert.Equal(5000, (await app.SendCodeAsync(phone, "register")).Code);
        Assert.Equal(445, (await app.SendCodeAsync(phone, "register")).Code);
        Assert.Equal(200, (await RegisterAsync(app, phone, app.CodeFor(phone))).Code);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_crash_of_the_sender_is_402_without_detail_and_logged_once(Transport transport)
    {
        await using var app = await ChargingApp.StartAsync(transport);
        app.ExpectError("The SMS sender crashed.");
        app.Sms.Behaviour = SmsBehaviour.Crash;
        var answer = await app.SendCodeAsync(ChargingApp.NewPhone(), "register");
        Assert.Equal((402, "系统错误"), (answer.Code, answer.Message));
        Assert.Single(app.Log.Records, r => r.ToString().Contains("The SMS sender crashed."));
    }

    /// <summary>Else whoever enters wrong codes has a victim sent one SMS after the other.</summary>
    [Fact]
    public async Task A_code_dies_after_five_wrong_tries_and_the_next_is_sent_no_earlier_for_that()
    {
        var clock = new FakeTimeProvider(Noon);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock });
        var phone = ChargingApp.NewPhone();
        await app.SendCodeAsync(phone, "register");
        var code = app.CodeFor(phone);
        for (var i = 0; i < 5; i++)
            Assert.Equal(2009, (await RegisterAsync(app, phone, Wrong(code))).Code);
        await app.RestartAsync();
        Assert.Equal(2009, (await RegisterAsync(app, phone, code)).Code);
        clock.Advance(TimeSpan.FromSeconds(119));
        Assert.Equal(445, (await app.SendCodeAsync(phone, "register")).Code);
        Assert.Single(app.Sms.CodesFor(phone));

        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await app.SendCodeAsync(phone, "register")).Code);
        Assert.Equal(200, (await RegisterAsync(app, phone, app.CodeFor(phone))).Code);
    }

    [Fact]
    public async Task A_code_is_good_for_its_phone_and_its_type_alone()
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync();
        var other = ChargingApp.NewPhone();
        await app.SendCodeAsync(other, "register");
        await app.SendCodeAsync(rider.Phone, "login");
        Assert.Equal(2009, (await RegisterAsync(app, other, Different(app.CodeFor(rider.Phone), app.CodeFor(other)))).Code);
        Assert.Equal(2009, (await LoginAsync(app, rider.Phone, Different(app.Sms.CodesFor(rider.Phone).First(), app.CodeFor(rider.Phone)))).Code);
    }

    [Fact]
    public async Task An_address_is_sent_so_many_an_hour_behind_a_trusted_proxy()
    {
        var clock = new FakeTimeProvider(Noon);
        await using var app = await ChargingApp.StartAsync(
            new ChargingAppOptions { Clock = clock, Settings = ["--Charging:TrustedProxies:0=127.0.0.1", "--Charging:Codes:MaxSmsPerAddress=3"] });
        for (var i = 0; i < 3; i++)
            Assert.Equal(200, await SendFromAsync(app, "203.0.113.7"));
        Assert.Equal(445, await SendFromAsync(app, "203.0.113.7"));
        Assert.Equal(200, await SendFromAsync(app, "203.0.113.8"));
        Assert.Equal(200, await SendFromAsync(app, "2001:db8::1"));
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(200, await SendFromAsync(app, "203.0.113.7"));
    }

    [Fact]
    public async Task The_whole_server_sends_twenty_a_minute_wherever_the_calls_come_from_and_invented_phones_keep_no_rider_out()
    {
        var clock = new FakeTimeProvider(Noon);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock });
        var rider = await app.RegisterAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => SendFromAsync(app, $"203.0.113.{i}")));
        Assert.Equal(19, answers.Count(code => code == 200));
        Assert.All(answers, code => Assert.Contains(code, new[] { 200, 445 }));
        Assert.Equal(200, (await app.SendCodeAsync(rider.Phone, "login")).Code);
        Assert.Single(app.Log.Records, record => record.Message.Contains("sms-new"));

        await app.RestartAsync();
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(445, await SendFromAsync(app, "203.0.113.200"));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, await SendFromAsync(app, "203.0.113.200"));
    }

    [Fact]
    public async Task A_thousand_at_once_for_one_phone_send_one_code()
    {
        await using var app = await ChargingApp.StartAsync();
        var phone = ChargingApp.NewPhone();
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => app.SendCodeAsync(phone, "register")));
        Assert.Single(answers, a => a.Code == 200);
        Assert.Equal(999, answers.Count(a => a.Code == 445));
        Assert.Single(app.Sms.CodesFor(phone));
    }

    private static string Wrong(string code) => code == "000000" ? "000001" : "000000";

    private static string Different(string code, string from) => code != from ? code : Wrong(code);

    private static Task<Answer> RegisterAsync(ChargingApp app, string phone, string code) =>
        app.PostAsync("register", new { body = new { phone, code, wxname = $"wx{phone}" } });

    private static Task<Answer> LoginAsync(ChargingApp app, string phone, string code) =>
        app.PostAsync("login", new { body = new { phone, code } });

    private static async Task<int> SendFromAsync(ChargingApp app, string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/wechat/smallapplet/sendValidateCode")
        {
            Content = new StringContent($$$"""{"body":{"phone":"{{{ChargingApp.NewPhone()}}}","codeType":"register"}}""", System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("X-Forwarded-For", address);
        using var response = await app.Http.SendAsync(request);
        return Answer.Parse(await response.Content.ReadAsStringAsync()).Code;
    }
}
