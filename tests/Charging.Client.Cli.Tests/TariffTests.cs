using Charging.Server.Orders;
using Charging.Testing;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>Prices.</summary>
public sealed class TariffTests
{
    [Fact]
    public async Task A_tariff_is_set_quoted_given_to_a_pile_and_deleted()
    {
        await using var stand = await Stand.OpenAsync();
        var app = stand.App;
        var set = await app.CtlAsync("tariffs", "set", "night", "--per", "KilowattHour", "--electricity", "60", "--service", "40", "--minimum", "50", "--cap", "900", "--unused-to", "Balance");
        Assert.Equal((0, ""), (set.ExitCode, set.Error));
        Assert.Matches("price ¥ +0\\.60 \\+ 0\\.40 service a kWh", set.Output);
        Assert.Matches("unused part goes to +the balance", set.Output);

        var quote = await app.CtlAsync("tariffs", "quote", "night", "--paid", "300", "--seconds", "3600", "--energy", "1500");
        Assert.Matches("gives at most +3000 Wh", quote.Output);
        Assert.Matches("this use costs ¥ +1\\.50", quote.Output);
        Assert.Matches("of it service fee ¥ +0\\.60", quote.Output);
        Assert.Matches("goes back ¥ +1\\.50", quote.Output);

        Assert.Matches("tariff +default", (await app.CtlAsync("piles", "show", stand.Device)).Output);
        Assert.Equal(0, (await app.CtlAsync("piles", "set-tariff", stand.Device, "night")).ExitCode);
        Assert.Matches("night +0\\.60 .* 1 ", (await app.CtlAsync("tariffs", "list")).Output);
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(("night", TariffUnit.KilowattHour), ((await stand.OrderAsync(orderNo)).Tariff.Name, (await stand.OrderAsync(orderNo)).Tariff.Unit));

        // Who has reserved pays the price of then.
        await app.CtlAsync("tariffs", "set", "night", "--electricity", "1");
        Assert.Equal(60, (await stand.OrderAsync(orderNo)).Tariff.ElectricityFen);
        Assert.Contains("A pile or a station has the tariff night", (await app.CtlAsync("tariffs", "delete", "night")).Sentence);
        Assert.Equal(0, (await app.CtlAsync("piles", "set-tariff", stand.Device, "--default")).ExitCode);
        Assert.Equal(0, (await app.CtlAsync("tariffs", "delete", "night")).ExitCode);
        Assert.Contains("There is no tariff night", (await app.CtlAsync("tariffs", "show", "night")).Sentence);
        Assert.Contains("1 tariffs.", (await app.CtlAsync("tariffs", "list")).Output);
    }

    [Fact]
    public async Task A_tariff_by_power_is_shown_with_its_tiers()
    {
        await using var app = await ChargingApp.StartAsync();
        Assert.Equal(0, (await app.CtlAsync("tariffs", "set", "power", "--tier", "200:20", "--tier", "400:30:5", "--electricity", "50")).ExitCode);
        Assert.Matches("an hour to 200 W 0\\.20, to 400 W 0\\.30 \\+ 0\\.05 service, above 0\\.50", (await app.CtlAsync("tariffs", "show", "power")).Output);
        var json = (await app.CtlAsync("tariffs", "show", "power", "--json")).Json.GetProperty("tariff");
        Assert.Equal((2, 43_200), (json.GetProperty("tiers").GetArrayLength(), json.GetProperty("longestSeconds").GetInt32()));
        Assert.Matches("this use costs ¥ +0\\.35", (await app.CtlAsync("tariffs", "quote", "power", "--paid", "100", "--seconds", "3600", "--power", "300")).Output);
        Assert.Matches("price ¥ +0\\.25 an hour", (await app.CtlAsync("tariffs", "show", "default")).Output);
    }

    [Theory]
    [InlineData("A price is 0", "tariffs", "set", "free")]
    [InlineData("between 0 and 100000 fen", "tariffs", "set", "dear", "--electricity", "100001")]
    [InlineData("between 60 and 172800 seconds", "tariffs", "set", "long", "--electricity", "1", "--longest", "59")]
    [InlineData("above the cap", "tariffs", "set", "odd", "--electricity", "1", "--minimum", "5", "--cap", "4")]
    [InlineData("Power tiers", "tariffs", "set", "odd", "--electricity", "1", "--tier", "400:1", "--tier", "200:1")]
    [InlineData("such as 200:20", "tariffs", "set", "odd", "--tier", "200")]
    [InlineData("Charging:Orders:PricePerHourFen", "tariffs", "set", "default", "--electricity", "1")]
    [InlineData("1 to 32 characters", "tariffs", "set", " x", "--electricity", "1")]
    [InlineData("Charging:Orders:PricePerHourFen", "tariffs", "delete", "default")]
    [InlineData("There is no tariff x", "tariffs", "delete", "x")]
    [InlineData("There is no tariff x", "tariffs", "quote", "x", "--paid", "1")]
    [InlineData("paid_fen is 0", "tariffs", "quote", "default", "--paid", "0")]
    [InlineData("below 0", "tariffs", "quote", "default", "--paid", "1", "--seconds", "-1")]
    [InlineData("There is no tariff x", "piles", "set-tariff", "00000000EE", "x")]
    [InlineData("not registered", "piles", "set-tariff", "00000000FF", "--default")]
    [InlineData("--default", "piles", "set-tariff", "00000000EE")]
    [InlineData("exactly one", "ledger", "show")]
    [InlineData("exactly one", "ledger", "show", "--order", "1", "--user", "2")]
    [InlineData("no order and no top-up", "ledger", "show", "--order", "1")]
    [InlineData("32 letters", "ledger", "show", "--topup", "?")]
    [InlineData("Nobody", "ledger", "show", "--user", "13000000000")]
    [InlineData("no day", "reconcile", "--date", "x")]
    [InlineData("64 letters", "refunds", "retry", "?")]
    public async Task A_refusal_is_one_sentence_and_exit_code_1(string hint, params string[] args)
    {
        await using var app = await ChargingApp.StartAsync();
        await app.CtlAsync("piles", "add", "00000000EE");
        var run = await app.CtlAsync(args);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains(hint, run.Sentence);
    }
}
