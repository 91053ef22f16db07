using Charging.Device.V1;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.PileSimulator.Tests;

public sealed class FleetTests
{
    [Fact]
    public async Task Troubles_connected_piles_at_random_until_it_is_cancelled()
    {
        await using var server = await TestServer.StartAsync();
        await using var fleet = new SimulatedFleet(Options(server, seed: 7) with
        {
            SwipesPerHour = 36_000,
            UnplugsPerHour = 36_000,
            RebootsPerHour = 3_600,
            LostLinksPerHour = 3_600,
            Away = TimeSpan.FromMilliseconds(50),
        });
        using var stop = new CancellationTokenSource();
        var running = fleet.RunAsync(stop.Token);

        await server.HearsAsync<PileEvent>(it => it.CardSwiped?.CardNo == "34345799");
        await server.HearsAsync<PileStatus>(it => !it.Online);
        await fleet.Piles[0].WaitUntilAsync(
            "everything has happened", _ => fleet.Totals is { Swipes: > 0, Unplugs: > 0, Reboots: > 0, LostLinks: > 0 });
        await stop.CancelAsync();
        await running;

        Assert.True(fleet.Totals.Totals.Connections >= 4);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_trouble()
    {
        Assert.Equal(await FirstSwipesAsync(seed: 1), await FirstSwipesAsync(seed: 1));
        Assert.NotEqual(await FirstSwipesAsync(seed: 1), await FirstSwipesAsync(seed: 2));
    }

    /// <summary>Without a broker: the swipes stay in the piles.</summary>
    private static async Task<List<string>> FirstSwipesAsync(int seed)
    {
        await using var nobody = new TestServer();
        var time = new FakeTimeProvider();
        await using var fleet = new SimulatedFleet(Options(nobody, seed) with { SwipesPerHour = 10, TimeProvider = time });
        using var stop = new CancellationTokenSource();
        var running = fleet.RunAsync(stop.Token);
        time.Advance(TimeSpan.FromDays(1));
        foreach (var pile in fleet.Piles) await pile.WaitUntilAsync("three swipes", it => it.Unacknowledged.Count >= 3);
        await stop.CancelAsync();
        await running;
        return [.. fleet.Piles.SelectMany(pile => pile.Unacknowledged.Take(3).Select(it => $"{pile.Options.DeviceNo} {it.CardSwiped}"))];
    }

    private static SimulatedFleetOptions Options(TestServer server, int seed) => new()
    {
        Piles = [.. Enumerable.Range(1, 4).Select(n => new PileIdentity($"{n:D10}", "secret"))],
        PileOptions = pile => new SimulatedPileOptions { Port = server.Port, DeviceNo = pile.DeviceNo, Secret = pile.Secret },
        Cards = ["34345799", "111111786"],
        Seed = seed,
    };
}
