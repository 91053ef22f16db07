using System.Text.Json;
using Charging.Testing;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>Each command: its table, its JSON, its refusals.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task Piles_are_added_listed_shown_and_given_new_secrets()
    {
        await using var app = await ChargingApp.StartAsync();
        var added = await app.CtlAsync("piles", "add", "014441AC53", "--plugs", "2", "--plug-numbers", "hex");
        Assert.Equal((0, ""), (added.ExitCode, added.Error));
        Assert.Matches("secret .*[0-9a-f]{32}", added.Output);

        var second = await app.CtlAsync("piles", "add", "0000000000", "--json");
        Assert.Equal(("0000000000", 10), (second.Json.GetProperty("pile").GetProperty("deviceNo").GetString(), second.Json.GetProperty("pile").GetProperty("plugCount").GetInt32()));
        Assert.Matches("^[0-9a-f]{32}$", second.Json.GetProperty("secret").GetString());

        var list = await app.CtlAsync("piles", "list");
        Assert.Matches("014441AC53 +offline +- +2 ", list.Output);
        Assert.Contains("2 piles.", list.Output);
        var first = await app.CtlAsync("piles", "list", "--limit", "1");
        Assert.Contains("1 piles, and there are more", first.Output);
        Assert.Equal(["0000000000", "014441AC53"], Names((await app.CtlAsync("piles", "list", "--json")).Json, "piles", "deviceNo"));

        var shown = await app.CtlAsync("piles", "show", "014441ac53");
        Assert.Matches("state +offline", shown.Output);
        Assert.Matches("02 +fault", shown.Output);
        Assert.Equal(2, (await app.CtlAsync("piles", "show", "014441AC53", "--json")).Json.GetProperty("pile").GetProperty("plugs").GetArrayLength());

        Assert.Matches("[0-9a-f]{32}", (await app.CtlAsync("piles", "rotate-secret", "014441AC53")).Output);
        Assert.Matches("^[0-9a-f]{32}$", (await app.CtlAsync("piles", "rotate-secret", "014441AC53", "--json")).Json.GetProperty("secret").GetString());
    }

    [Fact]
    public async Task Cards_are_issued_and_listed()
    {
        await using var app = await ChargingApp.StartAsync();
        Assert.Equal("2 issued, 0 had been issued before.", (await app.CtlAsync("cards", "issue", "111111786", "34345799")).Output.Trim());
        Assert.Equal("249 issued, 1 had been issued before.", (await app.CtlAsync("cards", "issue", "111111700", "--count", "250")).Output.Trim());
        Assert.Equal(0, (await app.CtlAsync("cards", "issue", "111111786", "--json")).Json.GetProperty("issued").GetInt32());
        var rider = await app.RegisterAsync();
        await rider.PostAsync("bindCard", new { body = new { cardNo = "34345799" } });

        var list = await app.CtlAsync("cards", "list", "--limit", "0");
        Assert.Matches($"34345799 +virtual +{rider.Phone}", list.Output);
        Assert.Contains("251 cards.", list.Output);
        Assert.Equal(251, (await app.CtlAsync("cards", "list", "--limit", "0", "--json")).Json.GetProperty("cards").GetArrayLength());
    }

    [Fact]
    public async Task Orders_and_their_rider_are_found()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        var rider = await app.RegisterAsync(wxname: "电动车车主");
        var device = pile.Options.DeviceNo;
        var orderNo = (await rider.PostAsync("getOrderNo", new { body = new { deviceNo = device, plug = "03" } })).Data!.Value.GetString()!;
        Assert.Equal(200, (await rider.PostAsync("mobilePaymentCharging", new { body = new { deviceNo = device, plug = "03", orderNo, amount = 1.5 } })).Code);

        string[][] filters = [[], ["--pile", device], ["--phone", rider.Phone], ["--state", "charging"], ["--phone", rider.Phone, "--pile", device, "--state", "Charging"]];
        foreach (var filter in filters)
        {
            var list = await app.CtlAsync(["orders", "list", .. filter]);
            Assert.Matches($"{orderNo} .*{device} +03 +{rider.Phone} +phone +charging +1\\.50 +0\\.00", list.Output);
            Assert.Equal([orderNo], Names((await app.CtlAsync(["orders", "list", "--json", .. filter])).Json, "orders", "orderNo"));
        }
        foreach (var filter in new[] { ["--trouble"], new[] { "--state", "Refunded" }, ["--pile", "0123456789"] })
            Assert.Contains("0 orders.", (await app.CtlAsync(["orders", "list", .. filter])).Output);

        var shown = await app.CtlAsync("orders", "show", orderNo);
        Assert.Matches("held ¥ +1\\.50", shown.Output);
        Assert.Matches("start command +done", shown.Output);
        var json = (await app.CtlAsync("orders", "show", orderNo, "--json")).Json.GetProperty("order");
        Assert.Equal(("150", "ORDER_STATE_CHARGING"), (json.GetProperty("paidFen").GetString(), json.GetProperty("state").GetString()));

        var user = await app.CtlAsync("users", "show", rider.Phone);
        Assert.Matches("WeChat name +电动车车主", user.Output);
        Assert.Matches("balance ¥ +0\\.00", user.Output);
        Assert.Equal(1, (await app.CtlAsync("users", "show", rider.Phone, "--json")).Json.GetProperty("user").GetProperty("paidOrders").GetInt32());
    }

    [Theory]
    [InlineData("10 hex digits", "piles", "add", "0144")]
    [InlineData("rotate-secret", "piles", "add", "00000000EE")]
    [InlineData("not registered", "piles", "show", "00000000FF")]
    [InlineData("not registered", "piles", "rotate-secret", "00000000FF")]
    [InlineData("without blanks", "cards", "issue", "1 2")]
    [InlineData("exactly one", "cards", "issue", "1", "2", "--count", "3")]
    [InlineData("no order", "orders", "show", "1")]
    [InlineData("Nobody", "orders", "list", "--phone", "13000000000")]
    [InlineData("11 digits", "users", "show", "12345678901")]
    [InlineData("no rider", "users", "show", "99")]
    [InlineData("reason is empty", "piles", "retire", "00000000EE", "--reason", " ")]
    [InlineData("Nobody", "users", "show", "13000000000", "--json")]
    [InlineData("--limit", "orders", "list", "--limit", "-1")]
    [InlineData("--plugs", "piles", "add", "00000000FF", "--plugs", "100")]
    [InlineData("--nonsense", "piles", "list", "--nonsense")]
    [InlineData("--plug-numbers is 'Unspecified': give Decimal or Hex.", "piles", "add", "00000000FF", "--plug-numbers", "Unspecified")]
    [InlineData("<command> is '1': give ReportStatus, SetTime, Reboot or StopPlug.", "piles", "tell", "00000000EE", "1")]
    [InlineData("--to is 'unspecified': give Origin or Balance.", "orders", "refund", "1", "--to", "unspecified", "--reason", "x")]
    [InlineData("Give either --amount or --all.", "orders", "refund", "1", "--reason", "x")]
    [InlineData("Give either --amount or --all.", "orders", "refund", "1", "--amount", "1", "--all", "--reason", "x")]
    [InlineData("host:port", "simulate", "--mqtt", "here")]
    public async Task A_refusal_is_one_sentence_and_exit_code_1(string hint, params string[] args)
    {
        await using var app = await ChargingApp.StartAsync();
        await app.CtlAsync("piles", "add", "00000000EE");
        var run = await app.CtlAsync(args);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains(hint, run.Sentence);
    }

    [Fact]
    public async Task Help_names_every_command_and_variable()
    {
        var help = (await Ctl.RunAsync(["--help"])).Output;
        foreach (var word in new[] { "piles", "cards", "orders", "users", "ledger", "refunds", "tariffs", "reconcile", "stations", "alarms", "report", "keys", "audit", "--yes", "--reason", "simulate", "doctor", "CHARGECTL_ADDRESS", "CHARGECTL_KEY", "--json", "exit code" })
            Assert.Contains(word, help);
        foreach (var noun in new[] { "piles", "stations", "cards", "orders", "users", "ledger", "refunds", "tariffs", "alarms", "keys", "audit" })
            Assert.Contains("Commands:", (await Ctl.RunAsync([noun])).Output);
    }

    [Fact]
    public async Task No_help_offers_a_value_that_is_none()
    {
        List<string[]> commands = [[]];
        for (var next = 0; next < commands.Count; next++)
        {
            var help = (await Ctl.RunAsync([.. commands[next], "--help"])).Output.ReplaceLineEndings("\n");
            Assert.DoesNotContain("Unspecified", help);
            if (help.Split("\nCommands:\n") is [_, var list])
                commands.AddRange(list.Split('\n').Where(line => line.Length > 2 && char.IsAsciiLetter(line[2])).Select(line => (string[])[.. commands[next], line[2..].Split(' ')[0]]));
        }
        Assert.Contains(commands, command => command is ["piles", "add"]);
        Assert.Contains("<Decimal|Hex>", (await Ctl.RunAsync(["piles", "add", "--help"])).Output);
    }

    private static IEnumerable<string?> Names(JsonElement answer, string list, string field) =>
        answer.GetProperty(list).EnumerateArray().Select(entry => entry.GetProperty(field).GetString());
}
