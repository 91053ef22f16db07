using System.Net;
using Charging.Ops.V1;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Charging.Server.Tests.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Tables = Charging.Server.Storage.Tables;

namespace Charging.Server.Tests.Payments;

/// <summary>When the ledger is checked, and what follows when it does not add up.</summary>
public sealed class LedgerGuardTests
{
    [Fact]
    public async Task A_ledger_that_does_not_add_up_refuses_the_start_with_what_to_do()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        await MoneyHistory.SpoilAsync(stand, OrderTables.Orders, orderNo, order => order with { HoldFen = 90 });

        var refusal = await Assert.ThrowsAsync<StartupException>(stand.App.RestartAsync);

        Assert.Contains($"order:{orderNo}: the hold is 90 fen and must be 101, see entry hold:{orderNo}.", refusal.Message);
        Assert.Contains("Restore a backup", refusal.Message);
        Assert.Contains("Charging:Ledger:StartAnyway", refusal.Message);
    }

    [Fact]
    public async Task Told_to_start_anyway_the_server_serves_and_says_at_every_start_what_is_wrong()
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Ledger:StartAnyway=true");
        await stand.Rider.TopUpAsync(1);
        await MoneyHistory.SpoilBalanceAsync(stand);
        stand.App.ExpectError("user:1: the balance is 101 fen and must be 100");

        await stand.App.RestartAsync();
        await stand.App.RestartAsync();

        Assert.Equal(2, stand.App.Log.Records.Count(record => record.Message.Contains("does not add up")));
        Assert.Equal(200, (await stand.Rider.NewTopUpAsync(1)).Code);
    }

    [Fact]
    public async Task A_start_reads_only_what_came_after_the_mark()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.Rider.TopUpAsync(1);
        stand.Clock.Advance(TimeSpan.FromMinutes(2));
        await stand.App.RestartAsync();
        Assert.Equal((1, new Charging.Server.Payments.LedgerTotals(-100, 0, 0, 100, 0)), await MarkAsync(stand));
        var topUp = await stand.Rider.TopUpAsync(2);
        await stand.App.RestartAsync();
        Assert.Equal(1, (await MarkAsync(stand)).Number);

        // What was checked is believed, until somebody asks for the full check.
        await MoneyHistory.SpoilAsync(stand, Ledger.Entries, (await FirstKeyAsync(stand))!, entry => entry with { AmountFen = 5 });
        await stand.App.RestartAsync();
        await MoneyHistory.SpoilAsync(stand, Ledger.Entries, $"credit:{topUp}", entry => entry with { AmountFen = 5 });
        await Assert.ThrowsAsync<StartupException>(stand.App.RestartAsync);
    }

    [Fact]
    public async Task A_server_that_runs_checks_every_hour_and_warns()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.Rider.TopUpAsync(1);
        await MoneyHistory.SpoilBalanceAsync(stand);
        stand.App.ExpectError("user:1: the balance is 101 fen and must be 100");
        var guard = stand.App.Services.GetRequiredService<LedgerGuard>();
        stand.Pile.CutLink();

        for (var hours = 0; hours < 3; hours++)
        {
            stand.Clock.Advance(TimeSpan.FromHours(1));
            await stand.App.AdvanceUntil("it is found", () => guard.Findings.Count == 1);
        }

        Assert.Single(stand.App.Log.Records, record => record.Message.Contains("does not add up"));
        var warnings = (await new SystemService.SystemServiceClient(stand.App.AsOperator()).DiagnoseAsync(new DiagnoseRequest())).Diagnosis.Warnings;
        Assert.Contains(warnings, warning => warning.Contains("user:1: the balance is 101 fen"));
        using var ready = await stand.App.Http.GetAsync("/readyz");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Contains("\"ledger\":\"warning: user:1: the balance", await ready.Content.ReadAsStringAsync());
        Assert.Equal(0, (await MarkAsync(stand)).Number);
    }

    [Fact]
    public async Task Two_thousand_entries_are_checked_without_waiting_for_the_hour()
    {
        await using var stand = await Stand.OpenAsync();
        await CreditAsync(stand, 1_999);
        stand.Clock.Advance(TimeSpan.FromMinutes(2));
        await CreditAsync(stand, 1);
        await stand.App.AdvanceUntil("it was checked", () => MarkAsync(stand).Result.Number == 1_999);
        Assert.Equal(1_999, (await MarkAsync(stand)).Totals.BalancesFen);
    }

    [Fact]
    public async Task A_file_that_was_opened_again_is_served_only_if_its_money_adds_up()
    {
        using var disk = new ModelledDisk(new Random(1), TimeSpan.Zero);
        var guard = new LedgerGuard(new LedgerOptions(), TimeProvider.System, NullLogger<LedgerGuard>.Instance);
        await using var store = new LiteDbStore(
            disk, "modelled", Tables.All, [], [guard], TimeProvider.System, new LiteDbOptions(), NullLogger.Instance, guard.AfterReopenAsync);
        await PutUserAsync(store, 100);

        await FailAsync(0);
        Assert.Equal(100, await BalanceAsync(store));

        await PutUserAsync(store, 101);
        await FailAsync(0);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => BalanceAsync(store));
        Assert.Contains("closed", refusal.Message);

        async Task FailAsync(int flushes)
        {
            disk.FailFlushAfter(1 + flushes);
            await Assert.ThrowsAsync<StoreUnavailableException>(() => store.RunAsync(tx =>
            {
                tx.Put(Tariffs.Table, new OrderOptions().DefaultTariff);
                return ValueTask.FromResult(true);
            }));
        }
    }

    private static Task<bool> PutUserAsync(IStore store, long fen) => store.RunAsync(async tx =>
    {
        var user = new Charging.Server.Accounts.User { Id = 1, Phone = Phone.Parse("13800000000"), WxName = "wx", RegisteredAt = tx.Now };
        var topUp = new TopUp { No = OrderNo.Parse("1"), UserId = 1, AmountFen = 100, PaidFen = 100, State = TopUpState.Credited, CreatedAt = tx.Now };
        tx.Put(TopUp.Table, topUp);
        if (await tx.GetAsync(Ledger.Entries, "credit:1") is null)
            await Ledger.CreditAsync(tx, topUp.No, user, 100);
        tx.Put(AccountTables.Users, user with { BalanceFen = fen });
        return true;
    });

    private static async Task<long> BalanceAsync(IStore store) => (await store.RunAsync(tx => tx.GetAsync(AccountTables.Users, AccountTables.Key(1))))!.BalanceFen;

    private static async Task CreditAsync(Stand stand, int count)
    {
        var store = stand.App.Services.GetRequiredService<IStore>();
        foreach (var portion in Enumerable.Range(0, count).Chunk(500))
        {
            await store.RunAsync(async tx =>
            {
                foreach (var _ in portion)
                {
                    var topUp = new TopUp { No = await OrderNo.NextAsync(tx), UserId = 1, AmountFen = 1, CreatedAt = tx.Now };
                    tx.Put(TopUp.Table, topUp);
                    await TopUps.CreditAsync(tx, topUp.No.ToString(), 1, new PaymentOptions());
                }
                return true;
            });
        }
    }

    private static async Task<(long Number, Charging.Server.Payments.LedgerTotals Totals)> MarkAsync(Stand stand)
    {
        var mark = await stand.App.Services.GetRequiredService<IStore>().RunAsync(LedgerMark.ReadAsync);
        return (mark.Number, mark.Totals);
    }

    private static Task<string?> FirstKeyAsync(Stand stand) =>
        stand.App.Services.GetRequiredService<IStore>().RunAsync<string?>(async tx => (await tx.ListAsync(Ledger.ByNumber, KeyRange.Prefix(""), 1))[0].Key);
}
