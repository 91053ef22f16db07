using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Charging.MqttBroker.Tests;

/// <summary>
/// R8: the broker under attack, while an honest pile comes and goes. <c>CHARGING_ATTACK_SIZE</c> sets how many connections
/// attack (500 and more for the figure).
/// </summary>
public sealed class AttackTests
{
    private static readonly int Size = int.Parse(Environment.GetEnvironmentVariable("CHARGING_ATTACK_SIZE") ?? "100", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Connections_that_announce_256_MiB_cost_nothing()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await using var attack = await Attack.OpenAsync(broker, Size);

        await attack.SendAsync([0x10, 0xFF, 0xFF, 0xFF, 0x7F, .. new byte[8192]]);

        await HonestPileConnects(broker);
        await Until.True("all are cut", () => broker.Count("cut:connect_too_large") + broker.Count("cut:too_many_pending") >= Size);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 64L << 20);
    }

    [Fact]
    public async Task Connections_that_say_nothing_displace_each_other_and_all_go_in_time()
    {
        var limit = Math.Min(1000, Size / 2);
        await using var broker = await BrokerUnderTest.StartAsync(
            ("Charging:Mqtt:MaxPendingConnections", $"{limit}"), ("Charging:Mqtt:ConnectTimeoutSeconds", "2"));
        var pile = Piles.Any();
        await using var known = await RawClient.ConnectAsync(broker.Port, pile);
        await using var attack = await Attack.OpenAsync(broker, Size);

        await HonestPileConnects(broker);

        await Until.True("all over the limit are cut", () => broker.Count("cut:too_many_pending") + broker.Count("cut:connect_timeout") >= Size - limit);
        await Until.True("the others are cut in time", () => broker.Count("cut:connect_timeout") + broker.Count("cut:too_many_pending") >= Size);
        Assert.True(await known.AnswersAsync());
    }

    [Fact]
    public async Task Piles_on_slow_links_get_in_while_others_connect_all_the_time_and_say_nothing()
    {
        // A silent connection of the attack would be the oldest of all after less than a pile needs.
        var rate = Math.Min(1500, 3 * Size);
        await using var broker = await BrokerUnderTest.StartAsync(("Charging:Mqtt:MaxPendingConnections", $"{rate * 2 / 3}"));
        await using var attack = SilentAttack.Start(broker.Port, rate);
        await Until.True("there is no room left", () => broker.Count("cut:too_many_pending") > 0);

        await Task.WhenAll(Enumerable.Range(1, 20).Select(number => SlowPileConnects(broker.Port, IPAddress.Parse($"127.0.2.{number}"))));

        Assert.True(attack.IsRunning);
        await HonestPileConnects(broker);
    }

    [Fact]
    public async Task Connections_that_dribble_are_cut_in_time()
    {
        await using var broker = await BrokerUnderTest.StartAsync(("Charging:Mqtt:ConnectTimeoutSeconds", "1"));
        await using var attack = await Attack.OpenAsync(broker, Size);

        await attack.SendAsync([0x10, 0x40, 0x00]);

        await HonestPileConnects(broker);
        await Until.True("all are cut", () => broker.Count("cut:connect_timeout") + broker.Count("cut:too_many_pending") >= Size);
    }

    [Fact]
    public async Task Wrong_secrets_do_not_keep_others_out()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var attack = await Attack.OpenAsync(broker, Size);

        await attack.SendAsync(Packets.Connect(Packets.Utf8($"{device}"), $"{device}", "guess"));

        await HonestPileConnects(broker);
        await Until.True("all are refused", () => broker.Count("refused:secret") + broker.Count("cut:too_many_pending") >= Size);
    }

    [Fact]
    public async Task A_pile_that_reads_nothing_is_cut_and_taken_over_and_holds_nobody_up()
    {
        await using var broker = await BrokerUnderTest.StartAsync(
            ("Charging:Mqtt:WriteTimeoutSeconds", "1"), ("Charging:Mqtt:PacketsPerSecond", "1000000"), ("Charging:Mqtt:PacketBurst", "1000000"));
        var device = Piles.Any();
        await using var stuck = await RawClient.ConnectAsync(broker.Port, device);

        // Each message asks for an answer that is never read, until nothing goes either way.
        var flood = Task.Run(async () =>
        {
            var statuses = Enumerable.Range(1, 500).SelectMany(id => Packets.Publish(device.StatusTopic(), "{}"u8.ToArray(), packetId: (ushort)id)).ToArray();
            try
            {
                while (true)
                    await stuck.SendAsync(statuses);
            }
            catch (IOException)
            {
                // Cut, as it must be.
            }
        });

        await HonestPileConnects(broker);
        await flood.WaitAsync(Until.Patience);
        Assert.Equal(1, broker.Count("cut:write_timeout"));
        await using var back = await RawClient.ConnectAsync(broker.Port, device);
        Assert.True(await back.AnswersAsync());
    }

    [Fact]
    public async Task Takeovers_of_stuck_piles_hold_nobody_up()
    {
        await using var broker = await BrokerUnderTest.StartAsync(("Charging:Mqtt:WriteTimeoutSeconds", "60"), ("Charging:Mqtt:MaxCommandsInFlight", "1000"));
        var device = Piles.Any();
        var clients = new List<RawClient>();
        for (var i = 0; i < 10; i++)
        {
            var client = await RawClient.ConnectAsync(broker.Port, device);
            clients.Add(client);
            await client.SendAsync(Packets.Subscribe(device.CommandsTopic()));
            await client.ReadAsync(5);
            for (var command = 0; command < 500; command++)
                await broker.Send(device, Piles.SetTime(new string('x', 4000)));
            await HonestPileConnects(broker);
        }

        await Until.True("nine are taken over", () => broker.Listener.Disconnections.Count(session => session.Device == device) == 9);
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task A_pile_that_never_acknowledges_is_sent_a_bounded_number_of_commands()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);
        await pile.SendAsync(Packets.Subscribe(device.CommandsTopic()));
        await pile.ReadAsync(5);

        var taken = 0;
        for (var i = 0; i < 10_000; i++)
            taken += await broker.Send(device, Piles.SetTime($"command-{i}")) ? 1 : 0;

        Assert.Equal(64, taken);
        Assert.True(await pile.AnswersAsync());
    }

    /// <summary>A pile whose CONNECT needs 0.8 s, which is what its link takes. It tries once.</summary>
    private static async Task SlowPileConnects(int port, IPAddress address)
    {
        var connect = Packets.Connect(Piles.Any());
        await using var pile = await RawClient.OpenAsync(port, address);
        await Task.Delay(TimeSpan.FromSeconds(0.6));
        await pile.SendAsync(connect[..10]);
        await Task.Delay(TimeSpan.FromSeconds(0.2));
        await pile.SendAsync(connect[10..]);
        Assert.Equal(Packets.Accepted, await pile.ReadAsync(4));
    }

    internal static async Task HonestPileConnects(BrokerUnderTest broker)
    {
        var started = Stopwatch.GetTimestamp();
        var device = Piles.Any();
        await using var pile = await RawClient.OpenAsync(broker.Port, IPAddress.Parse("127.0.3.1"));
        await pile.SendAsync(Packets.Connect(device));
        Assert.Equal(Packets.Accepted, await pile.ReadAsync(4));
        await pile.SendAsync(Packets.Publish(device.StatusTopic(), Piles.Status().Json()));
        Assert.Equal(4, (await pile.ReadAsync(4)).Length);
        await pile.SendAsync(Packets.Disconnect);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10), "An honest pile had to wait.");
    }

    /// <summary>Many connections at once.</summary>
    private sealed class Attack(List<RawClient> clients) : IAsyncDisposable
    {
        public static async Task<Attack> OpenAsync(BrokerUnderTest broker, int size)
        {
            var clients = new List<RawClient>();
            for (var i = 0; i < size; i++)
            {
                try
                {
                    clients.Add(await RawClient.OpenAsync(broker.Port));
                }
                catch (SocketException)
                {
                    // Cut before it knew that it was connected: the broker has counted it.
                }
            }

            return new Attack(clients);
        }

        public async Task SendAsync(byte[] bytes)
        {
            foreach (var client in clients)
            {
                try
                {
                    await client.SendAsync(bytes);
                }
                catch (IOException)
                {
                    // Cut already.
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var client in clients)
                await client.DisposeAsync();
        }
    }
}
