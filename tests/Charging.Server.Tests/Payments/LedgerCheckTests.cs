using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Payments;

/// <summary>The two checks of the ledger find whatever does not add up, and nothing else.</summary>
public sealed class LedgerCheckTests
{
    public static TheoryData<string, string> Faults => new()
    {
        { "a balance", "user:1: the balance" },
        { "a hold", "the hold is 102 fen and must be 101" },
        { "a hold of an ended order", "the hold of an order that is Settled" },
        { "a payment", "what was paid" },
        { "a payment of a reserved order", "what was paid" },
        { "what was used", "what was used" },
        { "a service fee", "the service fee" },
        { "what went back", "what went back" },
        { "what is owed", "what is owed" },
        { "a refund that is done", "what was sent back, being Owed" },
        { "a refund beyond the payment", "its amount is" },
        { "a top-up that was not paid", "what was credited" },
        { "an amount of an entry", "what was used" },
        { "a running balance", "the balance" },
        { "an entry between other accounts", "which is no move of the ledger" },
        { "an entry of nothing", "which is no move of the ledger" },
        { "an entry of no order", "what belongs to no order and no top-up" },
        { "a second refund", "what went back" },
        { "an entry that is gone", "what was used" },
        { "two entries with one number", "a second entry with number" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whatever_does_not_add_up_is_found_by_both_checks(string fault, string sentence)
    {
        await using var stand = await Stand.OpenAsync();
        var history = await MoneyHistory.LiveAsync(stand);
        Assert.Empty(await FullAsync(stand));
        Assert.Empty(await TailAsync(stand));

        await SpoilAsync(stand, history, fault);

        Assert.Contains(await FullAsync(stand), finding => finding.Sentence.Contains(sentence));
        Assert.Contains(await TailAsync(stand), finding => finding.Sentence.Contains(sentence));
    }

    [Fact]
    public async Task A_finding_names_the_account_both_amounts_and_the_entry()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        await MoneyHistory.SpoilAsync(stand, OrderTables.Orders, orderNo, order => order with { HoldFen = 90 });
        Assert.Equal($"order:{orderNo}: the hold is 90 fen and must be 101, see entry hold:{orderNo}.", Assert.Single(await FullAsync(stand)).Sentence);
    }

    [Fact]
    public async Task Nothing_is_found_while_riders_pay_charge_and_are_paid_back()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ["--Charging:Orders:MaxStartsPerPlugAndHour=1000000"] });
        var store = app.Services.GetRequiredService<IStore>();
        var riders = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => app.RegisterAsync()));
        var pile = await app.AddPileAsync();
        pile.Faults = new PileSimulator.PileFaults { RejectStarts = Device.V1.RejectReason.PlugFault };
        using var over = new CancellationTokenSource();
        var work = riders.Select((rider, n) => Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                await rider.TopUpAsync(1);
                var orderNo = (await rider.ReserveAsync(pile.Options.DeviceNo, $"{n + 1:D2}")).Data!.Value.GetString()!;
                await rider.ChargeAsync(pile.Options.DeviceNo, $"{n + 1:D2}", orderNo, 1);
            }
        })).ToList();

        var tail = new LedgerTail(LedgerMark.None);
        var times = 0;
        await Retry.Until("more than a hundred entries were written and looked at", async () =>
        {
            Assert.Empty(await FullAsync(store));
            Assert.Empty(await tail.CheckAsync(store, () => Task.CompletedTask));
            return ++times >= 20 && tail.Entries > 100;
        });

        await over.CancelAsync();
        await Task.WhenAll(work);
        await app.CheckInvariantsAsync();
    }

    [Fact]
    public async Task An_entry_that_comes_after_one_with_a_higher_number_is_read()
    {
        await using var stand = await Stand.OpenAsync();
        var store = stand.App.Services.GetRequiredService<IStore>();
        var cursor = new LedgerCursor(0);
        await PutAsync(store, 3);
        Assert.Equal([3], await ReadAsync(store, cursor));
        Assert.Empty(await ReadAsync(store, cursor));
        await PutAsync(store, 2);
        Assert.Equal([2], await ReadAsync(store, cursor));
        Assert.Empty(await ReadAsync(store, cursor));
        await PutAsync(store, 1, 4);
        Assert.Equal([1, 4], await ReadAsync(store, cursor));
        Assert.Empty(await ReadAsync(store, cursor));
    }

    [Fact]
    public async Task Late_entries_are_read_once_from_among_those_that_are_known()
    {
        await using var stand = await Stand.OpenAsync();
        var store = stand.App.Services.GetRequiredService<IStore>();
        var cursor = new LedgerCursor(0);
        await PutAsync(store, 1, 3, 5, 6, 204, 205, 207, 500);
        Assert.Equal([1, 3, 5, 6, 204, 205, 207, 500], await ReadAsync(store, cursor));
        await PutAsync(store, 2, 4, 206, 499, 501);
        Assert.Equal([2, 4, 206, 499, 501], await ReadAsync(store, cursor));
        Assert.Empty(await ReadAsync(store, cursor));
    }

    private static Task<bool> PutAsync(IStore store, params long[] numbers) => store.RunAsync(tx =>
    {
        foreach (var number in numbers)
            tx.Put(Ledger.Entries, new LedgerEntry { Key = $"earn:{number}", Number = number, From = $"order:{number}", To = Ledger.Revenue, AmountFen = 1, At = tx.Now });
        return ValueTask.FromResult(true);
    });

    private static async Task<IEnumerable<long>> ReadAsync(IStore store, LedgerCursor cursor)
    {
        var slice = await store.RunAsync(cursor.ReadAsync);
        Assert.Empty(cursor.Advance(slice));
        return slice.Entries.Select(entry => entry.Number);
    }

    private static Task<List<LedgerFinding>> FullAsync(Stand stand) => FullAsync(stand.App.Services.GetRequiredService<IStore>());

    private static async Task<List<LedgerFinding>> FullAsync(IStore store)
    {
        var findings = new List<LedgerFinding>();
        await foreach (var progress in new LedgerCheck(store).RunAsync())
            findings.AddRange(progress.Findings);
        return findings;
    }

    private static Task<IReadOnlyList<LedgerFinding>> TailAsync(Stand stand) =>
        new LedgerTail(LedgerMark.None).CheckAsync(stand.App.Services.GetRequiredService<IStore>(), () => Task.CompletedTask);

    private static Task SpoilAsync(Stand stand, MoneyHistory history, string fault)
    {
        Task Order(string no, Func<Order, Order> change) => MoneyHistory.SpoilAsync(stand, OrderTables.Orders, no, change);
        Task Entry(string key, Func<LedgerEntry, LedgerEntry> change) => MoneyHistory.SpoilAsync(stand, Ledger.Entries, key, change);
        Task New(Func<LedgerEntry, LedgerEntry> change) => Entry($"earn:{history.Used}", change);
        return fault switch
        {
            "a balance" => MoneyHistory.SpoilBalanceAsync(stand),
            "a hold" => Order(history.Charging, order => order with { HoldFen = 102 }),
            "a hold of an ended order" => Order(history.Used, order => order with { HoldFen = 1 }),
            "a payment" => Order(history.Used, order => order with { PaidFen = order.PaidFen + 1 }),
            "a payment of a reserved order" => Order(history.Charging, order => order with { PaidFen = 0 }),
            "what was used" => Order(history.ByCard, order => order with { UsedFen = order.UsedFen - 1 }),
            "a service fee" => Order(history.Used, order => order with { ServiceFen = order.UsedFen + 1 }),
            "what went back" => Order(history.Refunded, order => order with { RefundedFen = 0 }),
            "what is owed" => Order(history.Refunded, order => order with { OwedFen = 1 }),
            "a refund that is done" => MoneyHistory.SpoilAsync(stand, Refund.Table, $"{history.Used}R1", refund => refund with { Step = RefundStep.Owed }),
            "a refund beyond the payment" => MoneyHistory.SpoilAsync(stand, Refund.Table, $"{history.Used}R1", refund => refund with { PaidFen = 1 }),
            "a top-up that was not paid" => MoneyHistory.SpoilAsync(stand, TopUp.Table, history.TopUp, topUp => topUp with { State = TopUpState.Open }),
            "an amount of an entry" => New(entry => entry with { AmountFen = entry.AmountFen + 1 }),
            "a running balance" => Entry($"hold:{history.ByCard}", entry => entry with { BalanceFen = entry.BalanceFen + 1 }),
            "an entry between other accounts" => New(entry => entry with { From = Ledger.Owed }),
            "an entry of nothing" => New(entry => entry with { AmountFen = 0 }),
            "an entry of no order" => New(entry => entry with { Key = "earn:99", From = "order:99", Number = entry.Number + 1_000_000 }),
            "a second refund" => New(entry => entry with { Key = $"refund:{history.Refunded}:1", From = Ledger.Owed, To = Ledger.Provider, AmountFen = 200 }),
            "two entries with one number" => New(entry => entry with { Key = $"earn:{history.Charging}", From = $"order:{history.Charging}", AmountFen = 1 }),
            "an entry that is gone" => stand.App.Services.GetRequiredService<IStore>().RunAsync(tx =>
            {
                tx.Delete(Ledger.Entries, $"earn:{history.Used}");
                return ValueTask.FromResult(true);
            }),
            _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
        };
    }
}
