using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>Things that happen to one order in the same moment: it ends once, and the money is right.</summary>
public sealed class RaceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Paying_leaving_and_reserving_elsewhere_at_once_have_one_outcome(int seed)
    {
        await using var stand = await Stand.OpenAsync();
        var random = new Random(seed);
        var orders = new List<string>();
        for (var round = 0; round < 10; round++)
        {
            var rider = await stand.App.RegisterAsync();
            var orderNo = await stand.ReserveAsync(1, rider);
            orders.Add(orderNo);
            Func<Task>[] verbs =
            [
                () => stand.ChargeAsync(orderNo, plug: 1, by: rider), () => stand.LeaveAsync(1, rider), () => stand.ChargeAsync(orderNo, 2, 1, rider),
                () => rider.ReserveAsync(stand.Device, "03"), () => rider.ReserveAsync(stand.Device, "01"), () => stand.LeaveAsync(3, rider),
            ];
            random.Shuffle(verbs);
            await Task.WhenAll(verbs.Select(verb => verb()));
            await stand.CheckAsync();
            stand.Pile.Unplug(1);
            stand.Pile.PlugIn(1);
            await Retry.Until("the plug is free or reserved", async () => await stand.LeaveAsync(1, rider) is { Code: 200 } && await stand.SeeAsync(1) == 0);
        }
        foreach (var orderNo in orders)
            await stand.UntilAsync(orderNo, OrderState.Settled, OrderState.Refunded, OrderState.Cancelled);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Two_riders_who_pay_for_one_plug_after_its_release_start_one_charge()
    {
        await using var stand = await Stand.OpenAsync();
        var other = await stand.App.RegisterAsync();
        var first = await stand.ReserveAsync();
        await stand.LeaveAsync();
        var second = await stand.ReserveAsync(by: other);
        await stand.LeaveAsync(by: other);
        var answers = await Task.WhenAll(stand.ChargeAsync(first), stand.ChargeAsync(second, by: other));
        Assert.Equal([200, 4000], answers.Select(answer => answer.Code).Order());
        Assert.Equal(1, stand.Pile.StartsObeyed(first) + stand.Pile.StartsObeyed(second));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_swipe_and_a_phone_at_once_on_one_plug_start_one_charge()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.Rider.TopUpAsync(5);
        await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });
        var orderNo = await stand.ReserveAsync(2, await stand.App.RegisterAsync());
        Assert.Equal(CardReason.PlugBusy, (await stand.Pile.SwipeAsync(2, "2577522B")).Reason);
        await stand.PassUntilAsync(orderNo, OrderState.Expired);
        Assert.True((await stand.Pile.SwipeAsync(2, "2577522B")).Accepted);
        Assert.Equal(3001, (await stand.Rider.ReserveAsync(stand.Device, "02")).Code);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_plug_that_was_taken_away_by_force_of_time_is_given_to_the_swipe()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.Rider.TopUpAsync(5);
        await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });
        stand.App.Provider.Mode = SandboxMode.Refuse;
        var orderNo = await stand.ReserveAsync(2);
        await stand.PassAsync(TimeSpan.FromSeconds(180));
        Assert.True((await stand.Pile.SwipeAsync(2, "2577522B")).Accepted);
        stand.App.Provider.Mode = SandboxMode.Confirm;
        Assert.Equal(4000, (await stand.ChargeAsync(orderNo)).Code);
        await stand.UntilAsync(orderNo, OrderState.Refunded);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_caller_who_hangs_up_loses_no_money()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        using (var hangUp = new CancellationTokenSource())
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/wechat/smallapplet/mobilePaymentCharging"))
        {
            request.Headers.TryAddWithoutValidation("Authorization", stand.Rider.Token);
            request.Content = new StringContent(
                $$"""{"body":{"deviceNo":"{{pile.Device}}","plug":"02","orderNo":"{{orderNo}}","amount":1} }""", System.Text.Encoding.UTF8, "application/json");
            var call = stand.App.Http.SendAsync(request, hangUp.Token);
            await pile.HearAsync(command => command.StartCharge is not null);
            await hangUp.CancelAsync();
            await ((Task)call).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
        await pile.AnswerAsync(pile.Received.First(command => command.StartCharge is not null));
        await stand.UntilAsync(orderNo, OrderState.Charging);
        Assert.Equal(200, (await stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 1)).Code);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Slow_answers_that_come_after_the_callers_time_are_honest()
    {
        await using var stand = await Stand.OpenAsync();
        stand.Pile.Faults = new PileFaults { StartDelay = TimeSpan.FromSeconds(11) };
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(4000, (await stand.WhileAsync(stand.ChargeAsync(orderNo))).Code);
        await stand.App.AdvanceUntil("it is over", () => stand.OrderAsync(orderNo).Result.State == OrderState.Refunded);
        await stand.App.AdvanceUntil("the pile was stopped", () => stand.Pile.Plug(2).State != PlugState.Charging && stand.Pile.StartsObeyed(orderNo) == 1);
        Assert.Equal(101, stand.App.Provider.Refunds[$"{orderNo}R1"]);
        await stand.CheckAsync();
    }
}
