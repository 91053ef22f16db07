using System.Text.Json.Nodes;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.PileSimulator;
using Charging.Server.Piles;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>The live board as somebody sees it who sits before a browser: piles, and what becomes of them.</summary>
public sealed class LiveBoardTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task Nobody_sees_anything_with_a_wrong_key_or_a_revoked_one()
    {
        await using var app = await ChargingApp.StartAsync();
        await app.AddPileAsync();
        await using var page = await browser.OpenAsync(app);
        page.Expect("401");
        await page.SignInAsync("0123456789012345678901234567890123456789012");
        await page.SeesAsync("#sign-in-error:has-text('does not know this key')");
        await page.SignInAsync("密钥");
        await page.SeesAsync("#sign-in-error:has-text('does not know this key')");
        Assert.Equal(0, await page.AskAsync<int>("sessionStorage.length"));

        await page.WatchAsync(await app.NewKeyAsync(Role.Viewer, "night shift"));
        Assert.Equal("night shift · viewer (may only look)", await page.TextAsync("#who"));
        var keys = new KeyService.KeyServiceClient(app.AsOperator());
        var key = (await keys.ListKeysAsync(new ListKeysRequest())).Keys.Single(it => it.Name == "night shift");
        await keys.RevokeKeyAsync(new RevokeKeyRequest { KeyId = key.KeyId });
        await page.SeesAsync("#sign-in-error:has-text('was revoked')");
        await page.SeesNoAsync("#board");
        Assert.Equal((0, 0), (await page.AskAsync<int>("sessionStorage.length"), await page.AskAsync<int>("document.querySelectorAll('.pile').length")));
    }

    [Fact]
    public async Task Who_is_signed_in_stays_so_in_the_tab_until_he_signs_out()
    {
        await using var app = await ChargingApp.StartAsync();
        await using var page = await browser.OpenAsync(app);
        await page.WatchAsync(app.Key());
        await page.ReloadAsync();
        await page.SeesAsync("#link[data-state=live]");
        Assert.Equal((0, "", $"http://127.0.0.1:{app.Port("Http")}/"), (await page.AskAsync<int>("localStorage.length"), await page.AskAsync<string>("document.cookie"), await page.AskAsync<string>("location.href")));
        await page.ClickAsync("#sign-out");
        await page.SeesAsync("#sign-in");
        await page.ReloadAsync();
        await page.SeesAsync("#sign-in");
    }

    [Fact]
    public async Task A_plug_shows_what_happens_at_it()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        var (device, rider) = (pile.Options.DeviceNo, await app.RegisterAsync());
        await using var page = await browser.OpenAsync(app);
        await page.WatchAsync(app.Key());
        await page.SeesAsync($"{Pile(device)} .plug[data-state=free]", 10);

        var orderNo = (await rider.ReserveAsync(device, "02")).Data!.Value.GetString()!;
        await page.SeesAsync(Plug(device, 2, "reserved"));
        Assert.Equal(200, (await rider.ChargeAsync(device, "02", orderNo, 1.00)).Code);
        await page.SeesAsync($"{Plug(device, 2, "charging")}:has-text('180 W')");
        await page.SeesAsync("#legend [data-state=charging] b:has-text('1')");

        await page.ClickAsync(Plug(device, 2, "charging"));
        await page.SeesAsync($"#details:has-text('{orderNo}') .timeline li:has-text('The pile charges.')");
        await page.PressAsync("Escape");

        pile.BatteryFull(2);
        await page.SeesAsync(Plug(device, 2, "busy"));
        pile.Unplug(2);
        await page.SeesAsync(Plug(device, 2, "free"));
        pile.BreakPlug(3);
        await page.SeesAsync(Plug(device, 3, "fault"));
        await page.SeesAsync("#figures :has-text('1'):has-text('Charges today')");
    }

    [Fact]
    public async Task A_pile_that_is_gone_has_no_free_plugs()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        await using var page = await browser.OpenAsync(app);
        await page.WatchAsync(app.Key());
        await page.SeesAsync($"{Pile(pile.Options.DeviceNo)}[data-online=true]");
        pile.CutPower();
        await page.SeesAsync($"{Pile(pile.Options.DeviceNo)}[data-online=false] .badge:has-text('Offline, last heard')");
        await page.SeesAsync(".plug[data-state=offline]", 10);
        await page.SeesAsync(".plug[data-state=free]", 0);
        await page.SeesAsync("#figures :has-text('0 / 1')");
        pile.RestorePower();
        await page.SeesAsync(".plug[data-state=free]", 10);
    }

    [Fact]
    public async Task A_server_that_starts_again_is_missed_and_found_again()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        await using var page = await browser.OpenAsync(app);
        page.Expect("Failed to load resource");
        await page.WatchAsync(app.Key());
        var missed = page.SeesAsync("body.old #lost:has-text('Connection lost, trying again')");
        await app.RestartAsync();
        await missed;
        await page.SeesAsync("#link[data-state=live]");
        await page.SeesNoAsync("#lost");
        await page.SeesAsync($"{Pile(pile.Options.DeviceNo)}[data-online=true]");
        await page.SeesNoAsync("body.old");
    }

    [Fact]
    public async Task A_tab_that_nobody_looks_at_follows_nothing_until_somebody_does()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        await using var page = await browser.OpenAsync(app);
        await page.WatchAsync(app.Key());
        await page.LookAsync(false);
        await page.SeesAsync("body.old #link[data-state=down]");
        pile.BreakPlug(3);
        await page.LookAsync(true);
        await page.SeesAsync("#link[data-state=live]");
        await page.SeesAsync(Plug(pile.Options.DeviceNo, 3, "fault"));
    }

    [Fact]
    public async Task Of_five_hundred_piles_only_the_one_that_changes_is_drawn_again_and_any_is_found()
    {
        await using var app = await ChargingApp.StartAsync();
        var admin = app.Services.GetRequiredService<PileAdmin>();
        var pile = await app.AddPileAsync();
        await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => admin.RegisterAsync(DeviceNo.Parse(ChargingApp.NewDeviceNo()), 10, Server.Piles.PlugNumbers.Decimal)));
        var rider = await app.RegisterAsync();
        await using var page = await browser.OpenAsync(app);
        await page.WatchAsync(app.Key());
        await page.SeesAsync(".pile", 501);
        // Names of stations come once, a little later.
        await page.SeesAsync("#figures .tile");
        await page.AskAsync<JsonNode?>("""
            window.drawn = new Set();
            new MutationObserver(all => all.forEach(it => window.drawn.add((it.target.parentElement ?? it.target).closest(".pile")?.dataset.device ?? "all")))
                .observe(document.getElementById("piles"), { subtree: true, childList: true, attributes: true, characterData: true });
            null
            """);
        await rider.ReserveAsync(pile.Options.DeviceNo, "02");
        await page.SeesAsync(Plug(pile.Options.DeviceNo, 2, "reserved"));
        Assert.Equal([pile.Options.DeviceNo], await page.AskAsync<string[]>("[...window.drawn]"));

        await page.ClickAsync("#only-offline");
        await page.SeesAsync(".pile:not([hidden])", 500);
        await page.ClickAsync("#only-offline");
        await page.TypeAsync("#search", pile.Options.DeviceNo.ToLowerInvariant());
        await page.SeesAsync(".pile:not([hidden])", 1);
        await page.TypeAsync("#search", "nowhere");
        await page.SeesAsync("#no-piles:has-text('No pile fits')");
    }

    [Fact]
    public async Task Names_that_are_meant_to_be_scripts_are_names()
    {
        const string Hostile = "<img src=x onerror=\"window.hurt=1\">";
        await using var app = await ChargingApp.StartAsync();
        var stations = new StationService.StationServiceClient(app.AsOperator());
        await stations.AddStationAsync(new AddStationRequest { StationId = "gate", Name = "<script>window.hurt=1</script>" });
        var pile = await app.AddPileAsync();
        await new PileService.PileServiceClient(app.AsOperator()).UpdatePileAsync(new UpdatePileRequest { DeviceNo = pile.Options.DeviceNo, Name = Hostile, StationId = "gate" });
        pile.BreakPlug(1, "<svg onload=window.hurt=1>");
        pile.RaiseAlarm(AlarmCode.Door);
        await using var page = await browser.OpenAsync(app);
        await page.WatchAsync(await app.NewKeyAsync(Role.Operator, Hostile));
        await page.SeesAsync(Plug(pile.Options.DeviceNo, 1, "fault"));
        await page.SeesAsync(".pile .where:has-text('<script>')");
        Assert.Equal(Hostile, await page.TextAsync(".pile h3"));
        Assert.Contains(Hostile, await page.TextAsync("#who"));
        await page.SeesAsync("#alarms .where:has-text('<img')");
        await page.ClickAsync(Plug(pile.Options.DeviceNo, 1, "fault"));
        await page.SeesAsync("#details dd:has-text('<svg onload')");
        Assert.Equal(0, await page.AskAsync<int>("document.querySelectorAll('main img, main script, dialog img, dialog svg, .who img').length + (window.hurt ?? 0)"));
        // And if somebody wrote such a line into the page one day, the browser would refuse it.
        page.Expect("TrustedHTML");
        page.Expect("policy: require-trusted-types-for");
        Assert.Equal("TypeError", await page.AskAsync<string>("(() => { try { document.body.innerHTML = '<b>x</b>'; return 'set'; } catch (e) { return e.name; } })()"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_phone_shows_all_of_it_without_scrolling_sideways_and_with_room_for_a_thumb(bool dark)
    {
        await using var stand = await Stand.OpenAsync();
        await new PileService.PileServiceClient(stand.App.AsOperator()).UpdatePileAsync(new UpdatePileRequest { DeviceNo = stand.Device, Name = new string('W', 64) });
        await LiveBoardOrderTests.LoseAsync(stand);
        stand.Pile.RaiseAlarm(AlarmCode.Smoke, 3);
        await using var page = await browser.OpenAsync(stand.App, new JsonObject { ["width"] = 360, ["height"] = 740, ["dark"] = dark });
        await page.WatchAsync(stand.App.Key());
        await page.SeesAsync("#alarms [data-action]");
        await page.SeesAsync("#trouble [data-action]");
        await page.SeesAsync("#plot svg");
        await page.ClickAsync("#trouble .link-like");
        await page.SeesAsync("#details .timeline li");
        Assert.Equal(360, await page.AskAsync<int>("document.documentElement.scrollWidth"));
        Assert.Equal(0, await page.AskAsync<int>("(d => d.scrollWidth - d.clientWidth)(document.getElementById('details'))"));
        var small = "[...document.querySelectorAll('button, select, input:not([type=checkbox]), label.check')].filter(it => it.offsetParent && (it.offsetHeight < 40 || it.offsetWidth < 40)).map(it => it.outerHTML)";
        Assert.Empty(await page.AskAsync<string[]>(small));
    }

    [Fact]
    public async Task It_speaks_Chinese_to_who_reads_it_and_English_at_a_click()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        await using var page = await browser.OpenAsync(app, new JsonObject { ["language"] = "zh-CN" });
        await page.WatchAsync(app.Key());
        await page.SeesAsync("h1:has-text('实时看板')");
        await page.SeesAsync($"{Pile(pile.Options.DeviceNo)} .plug:has-text('空闲')");
        Assert.Equal("zh-CN", await page.AskAsync<string>("document.documentElement.lang"));
        await page.ClickAsync("#language");
        await page.SeesAsync("h1:has-text('Live board')");
        await page.SeesAsync($"{Pile(pile.Options.DeviceNo)} .plug:has-text('free')");
    }

    private static string Pile(string device) => $".pile[data-device='{device}']";

    private static string Plug(string device, int plug, string state) => $"{Pile(device)} [data-plug='{plug}'][data-state={state}]";
}
