using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Payments;

/// <summary>Money that a provider will not take back at once.</summary>
public sealed class RefundTests
{
    [Fact]
    public async Task A_refund_that_the_provider_refuses_stays_owed_and_is_tried_with_growing_pauses()
    {
        await using var stand = await Stand.OpenAsync();
        stand.App.Provider.RefusesRefunds = true;
        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.PlugFault };
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(4000, (await stand.ChargeAsync(orderNo)).Code);
        stand.Pile.CutLink();

        var pauses = new List<double>();
        for (var tries = 1; tries <= 5; tries++)
        {
            DueRow? row = null;
            await Retry.Until("the provider has refused", async () => (row = await RefundAsync(stand, orderNo)) is { LeasedBy: null } && row.Tries == tries);
            pauses.Add((row!.DueAt - stand.Clock.GetUtcNow()).TotalSeconds);
            stand.Clock.Advance(row.DueAt - stand.Clock.GetUtcNow());
        }
        Assert.Equal([30, 60, 120, 240, 480], pauses);
        Assert.Equal((101, null), ((await stand.OrderAsync(orderNo)).OwedFen, (await stand.OrderAsync(orderNo)).Trouble));
        await stand.CheckAsync();

        await stand.App.AdvanceUntil("it is in trouble", () => stand.OrderAsync(orderNo).Result.Trouble == "REFUND_OVERDUE", TimeSpan.FromHours(1));
        stand.App.Provider.RefusesRefunds = false;
        await stand.App.AdvanceUntil("it went back", () => stand.OrderAsync(orderNo).Result.State == OrderState.Refunded, TimeSpan.FromHours(1));
        Assert.Equal((0, null), ((await stand.OrderAsync(orderNo)).OwedFen, (await stand.OrderAsync(orderNo)).Trouble));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_refund_that_always_ends_in_a_fault_is_in_trouble_too()
    {
        var provider = new FaultyProvider();
        await using var stand = await Stand.OpenAsync(configure: provider.Use);
        stand.App.ExpectError("Due work failed");
        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.PlugFault };
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(4000, (await stand.ChargeAsync(orderNo)).Code);
        stand.Pile.CutLink();

        await stand.App.AdvanceUntil("it is in trouble", () => stand.OrderAsync(orderNo).Result.Trouble == Refunds.Overdue, TimeSpan.FromSeconds(30));
        provider.IsMended = true;
        await stand.App.AdvanceUntil("it went back", () => stand.OrderAsync(orderNo).Result.State == OrderState.Refunded, TimeSpan.FromSeconds(30));
        await stand.CheckAsync(knowsBooks: false);
    }

    private static Task<DueRow?> RefundAsync(Stand stand, string orderNo) =>
        stand.App.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Refund, $"{orderNo}R1")));

    /// <summary>A provider of which a bug lets no refund through.</summary>
    private sealed class FaultyProvider : TestProvider
    {
        public bool IsMended { get; set; }

        public override Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken) =>
            Task.FromResult(new PaymentAnswer(PaymentState.Paid, expectedFen ?? 101));

        public override Task<RefundState> RefundAsync(RefundRequest refund, CancellationToken cancellationToken) =>
            IsMended ? base.RefundAsync(refund, cancellationToken) : throw new InvalidOperationException("A bug.");
    }
}
