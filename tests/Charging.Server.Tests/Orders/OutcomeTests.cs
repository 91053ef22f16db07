using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>A node that waits for an order while another one deals with the pile.</summary>
public sealed class OutcomeTests
{
    [Fact]
    public async Task A_start_and_an_end_of_which_the_word_was_lost_are_found_when_the_wait_is_over()
    {
        await using var stand = await Stand.OpenAsync();
        var (outcomes, clock) = await ElsewhereAsync(stand);
        var orderNo = await stand.BeginAsync();

        Assert.Equal(Done.Ok, await AfterAsync(clock, outcomes.StartAsync(OrderNo.Parse(orderNo, null), Nothing, TimeSpan.FromSeconds(20), default)));
        Assert.Equal(ResultCode.StopFailed, (await AfterAsync(clock, outcomes.EndAsync(OrderNo.Parse(orderNo, null), Nothing, TimeSpan.FromSeconds(20), default))).Code);
        stand.Pile.Unplug(2);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal(Done.Ok, await AfterAsync(clock, outcomes.EndAsync(OrderNo.Parse(orderNo, null), Nothing, TimeSpan.FromSeconds(20), default)));
    }

    [Fact]
    public async Task A_state_before_the_charge_that_is_heard_of_late_does_not_end_the_wait_for_its_end()
    {
        await using var stand = await Stand.OpenAsync();
        var (outcomes, _) = await ElsewhereAsync(stand);
        var order = await stand.OrderAsync(await stand.BeginAsync());
        var wait = outcomes.EndAsync(order.No, Nothing, TimeSpan.FromSeconds(20), default);

        Hear(OrderState.Starting);
        Hear(OrderState.Charging);
        Assert.False(wait.IsCompleted);
        Hear(OrderState.Ended);

        Assert.Equal(Done.Ok, await wait);

        void Hear(OrderState state) => outcomes.Committed([new Change(OrderTables.Orders, order.No.ToString(), order with { State = state }, IsOwn: false)]);
    }

    /// <summary>What another node would have, that hears nothing of this one.</summary>
    private static async Task<(OrderOutcomes Outcomes, FakeTimeProvider Clock)> ElsewhereAsync(Stand stand)
    {
        var clock = new FakeTimeProvider();
        var outcomes = new OrderOutcomes(clock);
        await outcomes.LoadAsync(stand.App.Services.GetRequiredService<IStore>(), CancellationToken.None);
        return (outcomes, clock);
    }

    private static Task<Result<Done>?> Nothing() => Task.FromResult(default(Result<Done>?));

    private static async Task<Result<Done>> AfterAsync(FakeTimeProvider clock, Task<Result<Done>> wait)
    {
        clock.Advance(TimeSpan.FromSeconds(21));
        return await wait;
    }
}
