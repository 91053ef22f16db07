using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Charging.MqttBroker.Tests;

/// <summary>
/// After a power cut or a restart of the server every pile is back at once (device-protocol.md, Connection).
/// <c>CHARGING_RECONNECTS</c> sets how many (10,000 in the field), <c>CHARGING_SLOW_RECONNECTS</c> how many on slow links.
/// </summary>
public sealed class ReconnectTests
{
    private static readonly int Count = int.Parse(Environment.GetEnvironmentVariable("CHARGING_RECONNECTS") ?? "2000", CultureInfo.InvariantCulture);

    // Half a second and more for each, which the suite has for few.
    private static readonly int SlowCount = int.Parse(Environment.GetEnvironmentVariable("CHARGING_SLOW_RECONNECTS") ?? "600", CultureInfo.InvariantCulture);
    private static readonly TimeSpan SlowLink = TimeSpan.FromMilliseconds(800);

    [Fact]
    public async Task Every_pile_gets_in_when_all_come_at_once()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var devices = Enumerable.Range(0, Count).Select(_ => Piles.Any()).ToList();

        var piles = await Task.WhenAll(devices.Select(device => Task.Run(() => ConnectAsync(broker, device))));

        await Until.True("the listener knows all", () => broker.Listener.Connections.Count - broker.Listener.Disconnections.Count == Count);
        Assert.True(await piles[0].AnswersAsync());
        await Parallel.ForEachAsync(piles, async (pile, _) => await pile.DisposeAsync());
        await Until.True("the listener knows that all are gone", () => broker.Listener.Disconnections.Count == broker.Listener.Connections.Count);
    }

    /// <summary>
    /// P11b: the fleet's return over links of the kind that a base station has after a power cut. CONNECT is read 0.8 s after the
    /// connection was accepted, in two parts, and piles pause as the protocol says; the strangers are of another network.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1500)]
    public async Task Every_pile_on_a_slow_link_gets_in_when_all_come_at_once(int strangersPerSecond)
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        await using var attack = strangersPerSecond == 0 ? null : SilentAttack.Start(broker.Port, strangersPerSecond);
        if (attack is not null)
            await Until.True("there is no room left", () => broker.Count("cut:too_many_pending") > 0);
        var began = Stopwatch.GetTimestamp();

        var piles = await Task.WhenAll(Enumerable.Range(0, SlowCount).Select(number => Task.Run(() => ConnectSlowlyAsync(broker, number, began))));

        var ready = piles.Select(pile => pile.After).Order().ToList();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{SlowCount} piles, {strangersPerSecond} strangers a second: half back after {ready[ready.Count / 2].TotalSeconds:0.0} s, all after {ready[^1].TotalSeconds:0.0} s, {piles.Sum(pile => pile.Tries)} tries.");
        Assert.True(attack?.IsRunning is not false);
        Assert.True(await piles[0].Client.AnswersAsync());
        Assert.InRange(ready[^1], TimeSpan.Zero, TimeSpan.FromMinutes(3));
        await Parallel.ForEachAsync(piles, async (pile, _) => await pile.Client.DisposeAsync());
    }

    private static async Task<(RawClient Client, int Tries, TimeSpan After)> ConnectSlowlyAsync(BrokerUnderTest broker, int number, long began)
    {
        var connect = Packets.Connect(Piles.Any());
        // A carrier lets 250 piles out of each of its networks.
        var from = IPAddress.Parse($"127.1.{number / 250}.{number % 250 + 1}");
        for (var (tries, pause) = (1, 1.0); ; tries++, pause = Math.Min(60, pause * 2))
        {
            RawClient? client = null;
            try
            {
                client = await RawClient.OpenAsync(broker.Port, from);
                await Task.Delay(SlowLink);
                await client.SendAsync(connect[..10]);
                await Task.Delay(SlowLink / 4);
                await client.SendAsync(connect[10..]);
                if ((await client.ReadAsync(4)).Length == 4)
                    return (client, tries, Stopwatch.GetElapsedTime(began));
            }
            catch (Exception cut) when (cut is IOException or SocketException)
            {
                // Another had to wait less.
            }
            if (client is not null)
                await client.DisposeAsync();
            await Task.Delay(TimeSpan.FromSeconds(pause * (0.5 + Random.Shared.NextDouble())));
        }
    }

    // As a pile does: when the broker hangs up, it tries again.
    private static async Task<RawClient> ConnectAsync(BrokerUnderTest broker, DeviceNo device)
    {
        while (true)
        {
            RawClient client;
            try
            {
                client = await RawClient.OpenAsync(broker.Port);
            }
            catch (SocketException reset) when (reset.SocketErrorCode == SocketError.ConnectionReset)
            {
                // Cut before it knew that it was connected: it was the oldest of those that had not spoken.
                continue;
            }
            try
            {
                await client.SendAsync(Packets.Connect(device));
                if ((await client.ReadAsync(4)).Length == 4)
                    return client;
            }
            catch (IOException)
            {
                // Cut while it spoke.
            }

            await client.DisposeAsync();
        }
    }
}
