using Charging.Server.Clock;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Clock;

/// <summary>The machine's clock is set while riders reserve, pay and charge.</summary>
public sealed class ClockStepTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(12)]
    [InlineData(-48)]
    public async Task A_paid_charge_starts_and_stops_at_once(int hours)
    {
        await using var stand = await Stand.OpenAsync();
        var before = await stand.ReserveAsync();
        await StepAsync(stand, TimeSpan.FromHours(hours));

        Assert.Equal(200, (await stand.ChargeAsync(before)).Code);
        Assert.Equal(200, (await stand.Rider.StopAsync(before)).Code);
        var after = await stand.BeginAsync(plug: 3);
        Assert.Equal(200, (await stand.Rider.StopAsync(after)).Code);
        await stand.CheckAsync(knowsBooks: false);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_reservation_lasts_as_long_as_it_was_promised(int hours)
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.ReserveAsync();
        await stand.PassAsync(Minute);
        await StepAsync(stand, TimeSpan.FromHours(hours));
        await Retry.Until("the dates have followed", async () => IsNear(stand.Clock.GetUtcNow() + (2 * Minute), (await stand.OrderAsync(orderNo)).ReservedUntil));

        await stand.PassAsync(TimeSpan.FromSeconds(110));
        Assert.Equal((1, OrderState.Reserved), (await stand.SeeAsync(), (await stand.OrderAsync(orderNo)).State));
        Assert.Equal(3001, (await (await stand.App.RegisterAsync()).ReserveAsync(stand.Device, "02")).Code);
        await stand.PassAsync(TimeSpan.FromSeconds(11));
        await stand.UntilAsync(orderNo, OrderState.Expired);
        Assert.Equal(0, await stand.SeeAsync());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(12)]
    public async Task A_charge_that_runs_goes_on_to_its_own_end_and_is_billed_by_it(int hours)
    {
        await using var stand = await Stand.OpenAsync();
        // Four hours.
        var orderNo = await stand.BeginAsync(amount: "1.00");
        await stand.PassAsync(Hour);
        await StepAsync(stand, TimeSpan.FromHours(hours));
        await stand.PassAsync(2 * Hour);
        await Retry.Until("the pile's last status has come", async () => (await stand.DetailAsync(orderNo)).GetProperty("seconds").GetInt32() == 10800);
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);

        await stand.PassUntilAsync(orderNo, OrderState.Settled);
        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((14400, 100, null), (order.Seconds, order.UsedFen, order.Trouble));
        // The record may be received a heartbeat or two after the end.
        Assert.InRange((order.EndedAt - order.StartedAt)!.Value, TimeSpan.FromHours(4), TimeSpan.FromHours(4) + Minute);
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task A_charge_that_is_priced_by_power_is_not_stopped_before_its_payment_is_used_up()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.PriceAsync(new Tariff { Name = "by power", ElectricityFen = 100, LongestSeconds = 43200, Tiers = [new PowerTier(1000, 25, 0)] });
        var orderNo = await stand.BeginAsync(amount: "1.00");
        await stand.PassAsync(Hour);
        await StepAsync(stand, Hour);
        await stand.PassAsync(2 * Hour + (50 * Minute));
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
    }

    [Fact]
    public async Task Nobody_is_judged_for_eleven_minutes()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        await stand.PassAsync(Minute);
        await stand.ForgetAsync(orderNo);
        await StepAsync(stand, Hour);

        await stand.PassAsync(TimeSpan.FromMinutes(10.5));
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        await stand.PassAsync(Minute);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal("LOST", (await stand.OrderAsync(orderNo)).Trouble);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task What_is_due_keeps_its_time_over_a_restart_too(int hours)
    {
        await using var stand = await Stand.OpenAsync();
        var charging = await stand.BeginAsync();
        var reserved = await stand.ReserveAsync(plug: 3);
        await StepAsync(stand, TimeSpan.FromHours(hours));
        await Retry.Until("the dates have followed", async () => IsNear(stand.Clock.GetUtcNow() + (3 * Minute), (await stand.OrderAsync(reserved)).ReservedUntil));
        await stand.App.RestartAsync();
        await stand.App.WaitUntilOnlineAsync(stand.Pile);

        await stand.PassAsync(2 * Minute);
        Assert.Equal((OrderState.Charging, OrderState.Reserved), ((await stand.OrderAsync(charging)).State, (await stand.OrderAsync(reserved)).State));
        await stand.PassAsync(Minute);
        await stand.UntilAsync(reserved, OrderState.Expired);
        Assert.Equal(0, stand.Pile.Received.Count(command => command.StopCharge is not null));
    }

    [Fact]
    public async Task Piles_are_told_the_time_at_once()
    {
        await using var stand = await Stand.OpenAsync();
        await StepAsync(stand, -Hour);
        Assert.True(IsNear(stand.Clock.GetUtcNow(), stand.Pile.Received.Last(command => command.SetTime is not null).SetTime.Now.ToDateTimeOffset()));
    }

    [Fact]
    public async Task Operators_are_told()
    {
        await using var stand = await Stand.OpenAsync();
        await StepAsync(stand, Hour);

        var ready = await stand.App.Http.GetStringAsync("/readyz");
        Assert.StartsWith("""{"ok":true,""", ready);
        Assert.Contains("\"clock\":\"warning: The clock of this machine went 3600.0 s forward", ready);
        var diagnosis = (await new Ops.V1.SystemService.SystemServiceClient(stand.App.AsOperator()).DiagnoseAsync(new Ops.V1.DiagnoseRequest())).Diagnosis;
        Assert.Contains(diagnosis.Warnings, warning => warning.Contains("3600.0 s forward"));
        Assert.Contains(stand.App.Log.Records, record => record.Message.Contains("3600.0 s forward"));
    }

    /// <summary>Sets the clock, and lets it be noticed.</summary>
    private static async Task StepAsync(Stand stand, TimeSpan by)
    {
        var asked = stand.Pile.Received.Count(command => command.SetTime is not null);
        stand.Clock.Step(by);
        Assert.Equal(TimeSpan.Zero, stand.App.Services.GetRequiredService<ClockWatch>().SinceJump);
        await Retry.Until("the pile was told", () => stand.Pile.Received.Count(command => command.SetTime is not null) > asked);
    }

    private static bool IsNear(DateTimeOffset expected, DateTimeOffset actual) => (expected - actual).Duration() < TimeSpan.FromSeconds(1);
}
