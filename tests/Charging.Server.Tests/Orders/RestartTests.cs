using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>The server stops in the middle of everything: an order ends as it would have without that.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task A_reservation_lives_on_and_expires()
    {
        await using var stand = await Stand.OpenAsync();
        var (kept, left) = (await stand.ReserveAsync(2), await stand.ReserveAsync(3, await stand.App.RegisterAsync()));
        await RestartAsync(stand);
        Assert.Equal(kept, await stand.ReserveAsync(2));
        Assert.Equal(1, await stand.SeeAsync(3));
        Assert.Equal(200, (await stand.ChargeAsync(kept)).Code);
        await stand.PassUntilAsync(left, OrderState.Expired);
        Assert.Equal(0, await stand.SeeAsync(3));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_paid_order_waits_for_a_pile_that_was_not_heard_yet()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.ReserveAsync();
        stand.Pile.CutLink();
        await stand.App.RestartAsync();
        var call = stand.ChargeAsync(orderNo);
        await stand.UntilAsync(orderNo, OrderState.Paid);
        stand.Clock.Advance(TimeSpan.FromSeconds(5));
        stand.Pile.RestoreLink();
        await stand.App.WaitUntilOnlineAsync(stand.Pile);
        Assert.Equal(200, (await stand.WhileAsync(call, TimeSpan.FromSeconds(0.1))).Code);
        Assert.Equal(1, stand.Pile.StartsObeyed(orderNo));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_paid_order_does_not_wait_longer_than_ninety_seconds()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.ReserveAsync();
        stand.Pile.CutLink();
        await stand.App.RestartAsync();
        var call = stand.ChargeAsync(orderNo);
        await stand.UntilAsync(orderNo, OrderState.Paid);
        Assert.Equal(5000, (await stand.WhileAsync(call)).Code);
        await stand.App.RestartAsync();
        stand.Clock.Advance(TimeSpan.FromSeconds(89));
        Assert.Equal(OrderState.Paid, (await stand.OrderAsync(orderNo)).State);
        await stand.App.AdvanceUntil("it is given up", () => stand.OrderAsync(orderNo).Result.State == OrderState.Refunded);
        Assert.Equal(3004, (await stand.ChargeAsync(orderNo)).Code);
        await stand.CheckAsync(knowsBooks: false);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_start_goes_on_under_the_same_id(bool pileHasObeyed)
    {
        await using var stand = await Stand.OpenAsync();
        stand.Pile.Faults = pileHasObeyed ? new PileFaults { LoseResults = true, ForgetOrders = true, DropEventAcks = true } : new PileFaults { Silent = true };
        var orderNo = await stand.ReserveAsync();
        if (pileHasObeyed)
            stand.Pile.Faults = stand.Pile.Faults with { StartDelay = TimeSpan.FromSeconds(1) };
        var call = stand.ChargeAsync(orderNo);
        await stand.Pile.WaitForCommandAsync(command => command.StartCharge is not null);
        stand.Pile.CutLink();
        await stand.App.RestartAsync();
        // Whoever waited is told in one way or another.
        await ((Task)call).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (pileHasObeyed)
            stand.Clock.Advance(TimeSpan.FromSeconds(1));
        stand.Pile.Faults = new PileFaults();
        stand.Pile.RestoreLink();
        await stand.App.WaitUntilOnlineAsync(stand.Pile);
        await stand.App.AdvanceUntil("it charges", () => stand.OrderAsync(orderNo).Result.State == OrderState.Charging, TimeSpan.FromSeconds(0.1));
        Assert.Equal(1, stand.Pile.StartsObeyed(orderNo));
        Assert.Equal(200, (await stand.ChargeAsync(orderNo)).Code);
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task A_charge_goes_on_and_ends()
    {
        await using var stand = await Stand.OpenAsync();
        var (ended, lost) = (await stand.BeginAsync(2), await stand.BeginAsync(3, "0.01"));
        stand.Pile.CutLink();
        stand.Pile.BatteryFull(2);
        await stand.App.RestartAsync();
        Assert.Equal(1, await stand.SeeAsync(2));
        stand.Pile.RestoreLink();
        await stand.UntilAsync(ended, OrderState.Settled);
        stand.Pile.CutPower();
        await stand.App.RestartAsync();
        await stand.PassUntilAsync(lost, OrderState.Settled);
        Assert.Equal(200, (await stand.ChargeAsync(ended)).Code);
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task A_start_that_was_never_answered_is_paid_back_all_the_same()
    {
        await using var stand = await Stand.OpenAsync();
        stand.Pile.Faults = new PileFaults { Silent = true };
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(4000, (await stand.WhileAsync(stand.ChargeAsync(orderNo))).Code);
        stand.Pile.CutLink();
        await stand.App.RestartAsync();
        Assert.Equal(4000, (await stand.ChargeAsync(orderNo)).Code);
        await stand.PassAsync(TimeSpan.FromMinutes(9));
        Assert.Equal(OrderState.StartFailed, (await stand.OrderAsync(orderNo)).State);
        await stand.PassUntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal(101, stand.App.Provider.Refunds[$"{orderNo}R1"]);
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task A_refund_is_taken_up_again()
    {
        await using var stand = await Stand.OpenAsync();
        stand.App.Provider.RefusesRefunds = true;
        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.Overload };
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(4000, (await stand.ChargeAsync(orderNo)).Code);
        await RestartAsync(stand);
        await stand.PassUntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal(101, stand.App.Provider.Refunds[$"{orderNo}R1"]);
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task An_order_that_was_left_is_closed_and_what_was_paid_goes_back()
    {
        await using var stand = await Stand.OpenAsync(settings: ["--Charging:Payment:Sandbox=Silent", "--Charging:Payment:OwnPaymentService=true"]);
        var orderNo = await stand.ReserveAsync();
        await stand.LeaveAsync();
        await RestartAsync(stand);
        stand.App.Provider.Pay(orderNo, 300);
        stand.App.Provider.Mode = SandboxMode.Refuse;
        await stand.PassUntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal(300, stand.App.Provider.Refunds[$"{orderNo}R1"]);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_swipe_that_was_decided_is_not_decided_again()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.Rider.TopUpAsync(5);
        await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });
        stand.Pile.Faults = new PileFaults { DropEventAcks = true };
        Assert.True((await stand.Pile.SwipeAsync(6, "2577522B")).Accepted);
        await RestartAsync(stand);
        await stand.Pile.WaitUntilAsync("decided again", pile => pile.Received.Count(command => command.CardDecision is not null) >= 2);
        Assert.All(stand.Pile.Received.Where(command => command.CardDecision is not null), command => Assert.Equal((true, 400), (command.CardDecision.Accepted, command.CardDecision.BalanceFen)));
        Assert.Equal(1, (await stand.Rider.ListAsync()).Data!.Value.GetProperty("total").GetInt32());
        await stand.CheckAsync(knowsBooks: false);
    }

    private static async Task RestartAsync(Stand stand)
    {
        await stand.App.RestartAsync();
        await stand.App.WaitUntilOnlineAsync(stand.Pile);
    }
}
