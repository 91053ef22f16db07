using Charging.Ops.V1;
using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using DifferenceKind = Charging.Ops.V1.DifferenceKind;
using OrderState = Charging.Server.Orders.OrderState;

namespace Charging.Server.Tests.Payments;

/// <summary>The provider's bill beside the ledger.</summary>
public sealed class ReconciliationTests
{
    private static readonly DateOnly Day = new(2019, 12, 4);

    [Fact]
    public async Task Nothing_differs_when_the_bill_has_what_the_ledger_has()
    {
        var (stand, provider, history) = await OpenAsync();
        await using var _ = stand;
        provider.Bills[Day] = Lines(history);

        var found = await ReconcileAsync(stand);

        Assert.Equal(("2019-12-04", 4, 2000 + 101 + 101 + 101, 2, 101 + 93, 0), (found.Date, found.Payments, found.PaidFen, found.Refunds, found.RefundedFen, found.Waiting));
        Assert.Empty(found.Differences);
    }

    [Fact]
    public async Task What_differs_is_named_both_ways()
    {
        var (stand, provider, history) = await OpenAsync();
        await using var _ = stand;
        var lines = Lines(history);
        lines.RemoveAll(line => line.No == history.Refunded || line.No == $"{history.Used}R1");
        Change(lines, history.TopUp, 2001);
        Change(lines, $"{history.Refunded}R1", 100);
        lines.Add(new BillLine("201912040000009999", "201912040000009999", 7, false));
        lines.Add(new BillLine(history.OpenTopUp, history.OpenTopUp, 500, false));
        lines.Add(new BillLine("201912040000009999R1", "201912040000009999", 8, true));
        lines.Add(new BillLine("other shop/1", "other shop/1", 9, false));
        provider.Bills[Day] = lines;

        var found = (await ReconcileAsync(stand)).Differences.Select(difference => (difference.Kind, difference.No, difference.BillFen, difference.LedgerFen)).ToHashSet();

        Assert.Equal(
            [
                (DifferenceKind.PaymentAmount, history.TopUp, 2001, 2000),
                (DifferenceKind.PaymentNotInLedger, "201912040000009999", 7, 0),
                (DifferenceKind.PaymentNotInLedger, history.OpenTopUp, 500, 0),
                (DifferenceKind.PaymentNotInLedger, "other shop/1", 9, 0),
                (DifferenceKind.RefundAmount, $"{history.Refunded}R1", 100, 101),
                (DifferenceKind.RefundNotInLedger, "201912040000009999R1", 8, 0),
                (DifferenceKind.PaymentNotInBill, history.Refunded, 0, 101),
                (DifferenceKind.RefundNotInBill, $"{history.Used}R1", 0, 93),
            ],
            found);
    }

    [Fact]
    public async Task A_payment_that_is_on_the_bill_twice_was_taken_twice()
    {
        var (stand, provider, history) = await OpenAsync();
        await using var _ = stand;
        var lines = Lines(history);
        lines.Add(lines[0]);
        provider.Bills[Day] = lines;
        var difference = Assert.Single((await ReconcileAsync(stand)).Differences);
        Assert.Equal((DifferenceKind.PaymentAmount, 2 * lines[0].Fen), (difference.Kind, difference.BillFen));
    }

    [Fact]
    public async Task Only_a_repair_takes_up_a_payment_that_the_ledger_does_not_have()
    {
        var reserved = "";
        var (stand, provider, history) = await OpenAsync(async stand =>
        {
            reserved = await stand.ReserveAsync(8);
            await stand.LeaveAsync(8);
        });
        await using var _ = stand;
        List<BillLine> lines = [.. Lines(history), new BillLine(history.OpenTopUp, history.OpenTopUp, 500, false), new BillLine(reserved, reserved, 60, false)];
        provider.Bills[Day] = lines;

        (provider.Known[history.OpenTopUp], provider.Known[reserved]) = (new(PaymentState.Paid, 500), new(PaymentState.Paid, 60));
        Assert.Equal(2, (await ReconcileAsync(stand)).Differences.Count);
        Assert.Equal(2, (await ReconcileAsync(stand)).Differences.Count);
        var repaired = await ReconcileAsync(stand, repair: true);

        Assert.All(repaired.Differences, difference => Assert.Equal("taken up now", difference.Note));
        Assert.Equal(2, repaired.Differences.Count);
        // What was left is paid back; the plug is not given to it.
        await stand.UntilAsync(reserved, OrderState.Refunded);
        Assert.DoesNotContain((await ReconcileAsync(stand, repair: true)).Differences, difference => difference.Kind == DifferenceKind.PaymentNotInLedger);
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task A_repair_gives_nothing_for_a_payment_that_somebody_has_sent_back()
    {
        var (stand, provider, history) = await OpenAsync();
        await using var _ = stand;
        provider.Bills[Day] = [.. Lines(history), new BillLine(history.OpenTopUp, history.OpenTopUp, 500, false), new BillLine("hand1", history.OpenTopUp, 500, true)];
        provider.Known[history.OpenTopUp] = new(PaymentState.Refunded);

        var repaired = await ReconcileAsync(stand, repair: true);

        Assert.Contains(repaired.Differences, difference => difference.No == history.OpenTopUp && difference.Note.Contains("was sent back", StringComparison.Ordinal));
        Assert.Equal(2, (await ReconcileAsync(stand)).Differences.Count);
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task What_was_paid_near_midnight_may_be_on_the_bill_of_the_day_before_or_after()
    {
        var provider = new BillProvider();
        await using var stand = await Stand.OpenAsync(configure: provider.Use);
        stand.Clock.Advance(Shanghai.BeginningOf(Day.AddDays(1)) - TimeSpan.FromSeconds(2) - stand.Clock.GetUtcNow());
        var before = await stand.Rider.TopUpAsync(1);
        stand.Clock.Advance(TimeSpan.FromSeconds(4));
        var after = await stand.Rider.TopUpAsync(2);
        stand.Clock.Advance(TimeSpan.FromDays(2));
        BillLine Line(string no, long fen) => new(no, no, fen, false);

        provider.Bills[Day] = [];
        Assert.Equal((0, 1), await CountAsync(Day));
        provider.Bills[Day.AddDays(1)] = [Line(before, 100), Line(after, 200)];
        Assert.Equal((0, 0), await CountAsync(Day));
        Assert.Equal((0, 0), await CountAsync(Day.AddDays(1)));

        provider.Bills[Day] = [Line(before, 100), Line(after, 200)];
        provider.Bills[Day.AddDays(1)] = [];
        Assert.Equal((0, 0), await CountAsync(Day.AddDays(1)));
        provider.Bills[Day] = [];
        Assert.Equal((1, 0), await CountAsync(Day));
        Assert.Equal((1, 0), await CountAsync(Day.AddDays(1)));

        async Task<(int Differences, int Waiting)> CountAsync(DateOnly day)
        {
            var found = await ReconcileAsync(stand, day: day);
            return (found.Differences.Count, found.Waiting);
        }
    }

    [Fact]
    public async Task A_day_without_a_bill_is_refused_with_a_sentence()
    {
        await using var sandbox = await Stand.OpenAsync();
        Assert.Contains("sandbox keeps no bills", await RefusalAsync(sandbox, "2019-12-03", StatusCode.FailedPrecondition));
        Assert.Contains("not over", await RefusalAsync(sandbox, "2019-12-04", StatusCode.InvalidArgument));
        Assert.Contains("no day", await RefusalAsync(sandbox, "yesterday", StatusCode.InvalidArgument));
        await using var other = await Stand.OpenAsync(configure: new BillProvider().Use);
        Assert.Contains("no bill of 2019-12-03 yet", await RefusalAsync(other, "", StatusCode.FailedPrecondition));
        await using var silent = await Stand.OpenAsync(settings: "--Charging:Payment:Sandbox=Silent");
        Assert.Contains("gives no answer", await RefusalAsync(silent, "2019-12-03", StatusCode.Unavailable));
    }

    private static async Task<(Stand Stand, BillProvider Provider, MoneyHistory History)> OpenAsync(Func<Stand, Task>? also = null)
    {
        var provider = new BillProvider();
        var stand = await Stand.OpenAsync(configure: provider.Use);
        var history = await MoneyHistory.LiveAsync(stand);
        await (also?.Invoke(stand) ?? Task.CompletedTask);
        stand.Pile.CutLink();
        stand.Clock.Advance(Shanghai.BeginningOf(Day.AddDays(1)) - stand.Clock.GetUtcNow() + TimeSpan.FromMinutes(1));
        // Before a test has the provider say otherwise, what nobody paid is closed.
        var store = stand.App.Services.GetRequiredService<IStore>();
        await Retry.Until("nothing is left to close", async () =>
            (await store.RunAsync(tx => tx.ListAsync(DueRows.Table.ByKey, KeyRange.Prefix($"{DueKind.Close}:"), 1))).Count == 0);
        return (stand, provider, history);
    }

    private static List<BillLine> Lines(MoneyHistory history) =>
    [
        new(history.TopUp, history.TopUp, 2000, false),
        new(history.Used, history.Used, 101, false),
        new($"{history.Used}R1", history.Used, 93, true),
        new(history.Refunded, history.Refunded, 101, false),
        new($"{history.Refunded}R1", history.Refunded, 101, true),
        new(history.Charging, history.Charging, 101, false),
    ];

    private static void Change(List<BillLine> lines, string no, long fen)
    {
        var at = lines.FindIndex(line => line.No == no);
        lines[at] = lines[at] with { Fen = fen };
    }

    private static async Task<Ops.V1.Reconciliation> ReconcileAsync(Stand stand, bool repair = false, DateOnly? day = null)
    {
        var request = new ReconcileRequest { Date = (day ?? Day).ToString("yyyy-MM-dd"), Repair = repair };
        return (await new LedgerService.LedgerServiceClient(stand.App.AsOperator()).ReconcileAsync(request)).Reconciliation;
    }

    private static async Task<string> RefusalAsync(Stand stand, string date, StatusCode code)
    {
        var client = new LedgerService.LedgerServiceClient(stand.App.AsOperator());
        var refusal = await Assert.ThrowsAsync<RpcException>(() => client.ReconcileAsync(new ReconcileRequest { Date = date }).ResponseAsync);
        Assert.Equal(code, refusal.StatusCode);
        return refusal.Status.Detail;
    }

    /// <summary>A provider that confirms what it is told, and whose bills a test writes.</summary>
    private sealed class BillProvider : TestProvider
    {
        public override Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken) =>
            Task.FromResult((expectedFen, Known.GetValueOrDefault(orderNo)) switch
            {
                (_, { State: not PaymentState.NotPaid } known) => known,
                ({ } fen, _) => new PaymentAnswer(PaymentState.Paid, fen),
                _ => new PaymentAnswer(PaymentState.Closed),
            });

        /// <summary>What it says of a payment, whatever it is told.</summary>
        public Dictionary<string, PaymentAnswer> Known { get; } = [];
    }
}
