using System.Text.Json;
using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>Where money went, and whether it adds up.</summary>
public sealed class MoneyTests
{
    [Fact]
    public async Task Every_amount_that_a_rider_sees_is_explained()
    {
        await using var stand = await Stand.OpenAsync();
        var history = await MoneyHistory.LiveAsync(stand);

        foreach (var order in (await stand.Rider.ListAsync(pageSize: 100)).Data!.Value.GetProperty("list").EnumerateArray())
        {
            var orderNo = order.GetProperty("orderNo").GetString()!;
            var money = (await stand.App.CtlAsync("ledger", "show", "--order", orderNo, "--json")).Json.GetProperty("statement");
            var entries = Entries(money).ToList();
            Assert.Equal((long)(order.GetProperty("amount").GetDecimal() * 100), Sum(entries, to: $"order:{orderNo}"));
            Assert.Equal(Fen(money, "paidFen"), Sum(entries, to: $"order:{orderNo}"));
            Assert.Equal(Fen(money, "holdFen"), Sum(entries, to: $"order:{orderNo}") - Sum(entries, from: $"order:{orderNo}"));
            Assert.Equal(Fen(money, "usedFen"), Sum(entries, to: "revenue"));
            Assert.Equal(Fen(money, "refundedFen"), entries.Where(entry => entry.Key.StartsWith("refund:", StringComparison.Ordinal)).Sum(entry => entry.Fen));
            Assert.Equal(Fen(money, "paidFen"), Fen(money, "holdFen") + Fen(money, "usedFen") + Fen(money, "owedFen") + Fen(money, "refundedFen"));
        }

        await stand.App.CtlAsync("users", "adjust", stand.Rider.Phone, "1.50", "--reason", "x");
        await stand.App.CtlAsync("users", "adjust", stand.Rider.Phone, "-0.25", "--reason", "x");
        var user = (await stand.App.CtlAsync("ledger", "show", "--user", stand.Rider.Phone, "--json")).Json;
        var all = user.GetProperty("statements").EnumerateArray().ToList();
        Assert.Equal(
            [history.Charging, history.CardRefunded, history.Refunded, history.ByCard, history.Used, history.OpenTopUp, history.TopUp, "adjust:1:1", "adjust:1:2"],
            all.Select(money => money.GetProperty("no").GetString()));
        var moves = all.SelectMany(Entries).OrderBy(entry => entry.Number).ToList();
        Assert.Equal(Fen(user, "balanceFen"), Sum(moves, to: "user:1") - Sum(moves, from: "user:1"));
        Assert.Equal(Fen(user, "balanceFen"), moves.Last(entry => entry.BalanceFen is not null).BalanceFen);
        Assert.Equal(Fen(user, "balanceFen"), (await stand.App.CtlAsync("users", "show", stand.Rider.Phone, "--json")).Json.GetProperty("user") is var shown ? Fen(shown, "balanceFen") : -1);

        var table = await stand.App.CtlAsync("ledger", "show", "--user", stand.Rider.Phone, "--limit", "3");
        Assert.Contains("3 orders, top-ups and changes by operators, and there are more", table.Output);
        Assert.Matches($"hold:{history.Charging} +provider +order:{history.Charging} +1\\.01 +-", table.Output);
        Assert.Matches("credited ¥ +20\\.00", (await stand.App.CtlAsync("ledger", "show", "--topup", history.TopUp)).Output);
        Assert.Matches("used ¥ +0\\.08", (await stand.App.CtlAsync("ledger", "show", "--order", history.Used)).Output);
    }

    [Fact]
    public async Task The_ledger_is_checked_and_summed_on_command()
    {
        await using var stand = await Stand.OpenAsync();
        await MoneyHistory.LiveAsync(stand);
        var check = await stand.App.CtlAsync("ledger", "check");
        Assert.Equal((0, ""), (check.ExitCode, check.Error));
        Assert.Matches("The ledger adds up: \\d\\d entries, 1\\d users, top-ups, orders and refunds", check.Output);
        var totals = (await stand.App.CtlAsync("ledger", "totals", "--json")).Json.GetProperty("totals");
        Assert.Equal(
            (-(2000 + 101 + 101 + 101 - 93 - 101), 16, 0, 2000 - 8, 101),
            (Fen(totals, "providerFen"), Fen(totals, "revenueFen"), Fen(totals, "owedFen"), Fen(totals, "balancesFen"), Fen(totals, "holdsFen")));
        Assert.Matches("earned ¥ +0\\.16", (await stand.App.CtlAsync("ledger", "totals")).Output);

        await MoneyHistory.SpoilBalanceAsync(stand);
        var spoilt = await stand.App.CtlAsync("ledger", "check");
        Assert.Equal((1, ""), (spoilt.ExitCode, spoilt.Error));
        Assert.Contains("user:1: the balance is 1993 fen and must be 1992", spoilt.Output);
        var finding = Assert.Single((await stand.App.CtlAsync("ledger", "check", "--json")).Json.GetProperty("findings").EnumerateArray());
        Assert.Equal(("user:1", 1993, 1992), (finding.GetProperty("account").GetString(), Fen(finding, "keptFen"), Fen(finding, "entriesFen")));
    }

    [Fact]
    public async Task Totals_are_the_same_wherever_the_mark_is()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.Rider.TopUpAsync(1);
        stand.Clock.Advance(TimeSpan.FromMinutes(2));
        await stand.App.RestartAsync();
        await stand.Rider.TopUpAsync(2);
        Assert.Equal(1, (await stand.App.Services.GetRequiredService<IStore>().RunAsync(LedgerMark.ReadAsync)).Number);
        var totals = (await stand.App.CtlAsync("ledger", "totals", "--json")).Json.GetProperty("totals");
        Assert.Equal((-300, 300), (Fen(totals, "providerFen"), Fen(totals, "balancesFen")));
    }

    [Fact]
    public async Task Refunds_that_are_owed_are_listed_and_tried_again_on_command()
    {
        await using var stand = await Stand.OpenAsync();
        stand.App.Provider.RefusesRefunds = true;
        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.PlugFault };
        var orderNo = await stand.ReserveAsync();
        await stand.ChargeAsync(orderNo);
        await Retry.Until("the provider has refused", async () => (await DueAsync(stand, orderNo)) is { LeasedBy: null, Tries: 1 });

        var list = await stand.App.CtlAsync("refunds", "list", "--owed");
        Assert.Matches($"{orderNo}R1 +{stand.Rider.Phone} +1\\.01 +1\\.01 +owed .*refused +1 ", list.Output);
        Assert.Contains("0 refunds.", (await stand.App.CtlAsync("refunds", "list", "--trouble")).Output);
        Assert.DoesNotContain("wait for a person too", (await stand.App.CtlAsync("orders", "list", "--trouble")).Output);
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(async tx =>
        {
            tx.Put(DueRows.Table, (await tx.GetAsync(DueRows.Table, $"Refund:{orderNo}R1"))! with { Tries = 20 });
            return true;
        });
        Assert.Matches($"{orderNo}R1 .*REFUND_OVERDUE", (await stand.App.CtlAsync("refunds", "list", "--trouble")).Output);
        Assert.Contains("1 refunds of orders and top-ups wait for a person too", (await stand.App.CtlAsync("orders", "list", "--trouble")).Output);

        stand.App.Provider.RefusesRefunds = false;
        Assert.Equal(0, (await stand.App.CtlAsync("refunds", "retry", $"{orderNo}R1")).ExitCode);
        await stand.App.AdvanceUntil("it went back", () => stand.OrderAsync(orderNo).Result.State == OrderState.Refunded, TimeSpan.FromMilliseconds(1));
        Assert.Contains("0 refunds.", (await stand.App.CtlAsync("refunds", "list", "--owed")).Output);
        Assert.Matches($"{orderNo}R1 .* done ", (await stand.App.CtlAsync("refunds", "list")).Output);
        Assert.Contains("No refund", (await stand.App.CtlAsync("refunds", "retry", $"{orderNo}R1")).Sentence);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task The_sandbox_has_no_bill()
    {
        await using var app = await ChargingApp.StartAsync();
        var run = await app.CtlAsync("reconcile");
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains("The sandbox keeps no bills", run.Sentence);
    }

    private static Task<DueRow?> DueAsync(Stand stand, string orderNo) =>
        stand.App.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(DueRows.Table, $"Refund:{orderNo}R1"));

    private static IEnumerable<(string Key, long Number, string From, string To, long Fen, long? BalanceFen)> Entries(JsonElement statement) =>
        statement.GetProperty("entries").EnumerateArray().Select(entry => (
            entry.GetProperty("key").GetString()!,
            Fen(entry, "number"),
            entry.GetProperty("from").GetString()!,
            entry.GetProperty("to").GetString()!,
            Fen(entry, "amountFen"),
            entry.TryGetProperty("balanceFen", out _) ? Fen(entry, "balanceFen") : default(long?)));

    private static long Sum(IEnumerable<(string Key, long Number, string From, string To, long Fen, long? BalanceFen)> entries, string? from = null, string? to = null) =>
        entries.Where(entry => entry.From == (from ?? entry.From) && entry.To == (to ?? entry.To)).Sum(entry => entry.Fen);

    // protobuf writes 64-bit numbers as strings.
    private static long Fen(JsonElement element, string name) => long.Parse(element.GetProperty(name).GetString()!, System.Globalization.CultureInfo.InvariantCulture);
}
