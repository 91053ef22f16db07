using Charging.Server.Clock;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Clock;

/// <summary>The clock with which a server starts, beside the time until which its store was served.</summary>
public sealed class StoreClockTests
{
    private readonly SteppedClock _clock = new(Stand.Beginning);
    private readonly List<string> _settings = [];

    [Theory]
    [InlineData(-121)]
    [InlineData(-2 * 86400)]
    [InlineData(-2 * 365 * 86400)]
    public async Task A_server_with_a_clock_that_is_behind_serves_nobody_until_it_is_right(int seconds)
    {
        await using var app = await StartAsync();
        await app.StopAsync();
        _clock.Step(TimeSpan.FromSeconds(seconds));
        var restarted = app.RestartAsync();
        await SaidAsync(app, "clock is wrong: it shows ");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(restarted.IsCompleted);

        _clock.Step(TimeSpan.FromSeconds(-seconds));
        await Retry.Until("it serves", () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return restarted.IsCompleted;
        });
        await restarted;
        await app.RegisterAsync();
        // What the clock was before says nothing of how much time has passed since a date of the store.
        Assert.Null(app.Services.GetRequiredService<ClockWatch>().Warning);
    }

    [Fact]
    public async Task A_clock_that_is_a_minute_behind_is_as_right_as_clocks_are()
    {
        await using var app = await StartAsync();
        await RestartAsync(app, TimeSpan.FromMinutes(-1));
    }

    [Theory]
    [InlineData(50, false)]
    [InlineData(120, true)]
    public async Task More_than_an_hour_forward_is_said(int minutes, bool isSaid)
    {
        await using var app = await StartAsync();
        await RestartAsync(app, TimeSpan.FromMinutes(minutes));
        Assert.Equal(isSaid, IsSaid(app, "which is 2.0 hours ago by this machine's clock"));
    }

    [Fact]
    public async Task What_the_store_says_is_half_a_minute_old_at_most()
    {
        await using var app = await StartAsync();
        await app.AdvanceUntil("an hour is over", () => _clock.GetUtcNow() > Stand.Beginning.AddHours(1), TimeSpan.FromSeconds(10));
        await FollowsAsync(app);
    }

    [Fact]
    public async Task The_store_follows_a_clock_that_is_set_back_while_the_server_runs()
    {
        await using var app = await StartAsync();
        _clock.Step(TimeSpan.FromHours(-1));
        Assert.Equal(TimeSpan.Zero, app.Services.GetRequiredService<ClockWatch>().SinceJump);
        await FollowsAsync(app);
        await app.RestartAsync();
    }

    [Fact]
    public async Task An_operator_can_take_the_clock_for_right()
    {
        await using var app = await StartAsync();
        _settings.Add("--Charging:Store:AcceptClock=true");
        await RestartAsync(app, TimeSpan.FromDays(-2));
        Assert.True(IsSaid(app, "Take Charging:Store:AcceptClock out of the settings again."));

        _settings.Clear();
        await app.RestartAsync();
    }

    private Task<ChargingApp> StartAsync() => ChargingApp.StartAsync(new ChargingAppOptions { Clock = _clock, Settings = _settings });

    private async Task RestartAsync(ChargingApp app, TimeSpan step)
    {
        await app.StopAsync();
        _clock.Step(step);
        await app.RestartAsync();
    }

    private Task FollowsAsync(ChargingApp app) => Retry.Until("the store has the time", async () =>
        await app.Services.GetRequiredService<IStore>().RunAsync(async tx => (tx.Now - (await tx.GetAsync(StoreTime.Table, StoreTime.Key))!.At).Duration() <= TimeSpan.FromSeconds(30)));

    private static Task SaidAsync(ChargingApp app, string words) => Retry.Until($"the log says '{words}'", () => IsSaid(app, words));

    private static bool IsSaid(ChargingApp app, string words) => app.Log.Records.Any(record => record.Message.Contains(words));
}
