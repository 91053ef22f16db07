using System.Diagnostics;
using Charging.Device.V1;
using Charging.Testing;

namespace Charging.MqttBroker.Tests;

/// <summary>More than a node on an external broker can or will handle.</summary>
public sealed class ExternalLoadTests
{
    private const int MiB = 1 << 20;

    [Fact]
    public async Task A_node_reads_no_faster_than_it_handles()
    {
        const int Messages = 4000;
        await using var broker = FakeBroker.Start();
        await using var node = await NodeUnderTest.StartAsync(broker.Port, "node");
        using var mayGoOn = new ManualResetEventSlim();
        node.Listener.OnStatus = (_, _) => mayGoOn.Wait();
        var status = BigStatus();
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < Messages; i++)
                await broker.PublishAsync(Piles.Any().StatusTopic(), status);
        });
        await Stalls(() => broker.BytesSent);

        // What is sent lies in the sockets' buffers.
        Assert.InRange(broker.BytesSent, 1, 16 * MiB);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 4 * MiB);
        mayGoOn.Set();
        await sending;
        await Until.True("all have arrived", () => node.Listener.Statuses.Count == Messages);
    }

    [Fact]
    public async Task A_broker_that_answers_late_because_it_has_much_to_send_is_waited_for()
    {
        await using var broker = FakeBroker.Start();
        var mayAnswer = new TaskCompletionSource();
        broker.MayAnswer = mayAnswer.Task;
        using var end = new CancellationTokenSource();
        var sending = Task.Run(async () =>
        {
            for (var device = Piles.Any(); !end.IsCancellationRequested; await Task.Delay(50))
                await broker.PublishAsync(device.StatusTopic(), Piles.Status().Json());
        });

        var starting = NodeUnderTest.StartAsync(broker.Port, "node");
        await Until.True("the node has pinged, which it does after 5 s", () => broker.Pings == 1);
        mayAnswer.SetResult();
        await using var node = await starting;
        await Until.True("it has pinged again", () => broker.Pings == 2);

        Assert.Null(node.Link.Trouble);
        await end.CancelAsync();
        await sending;
        // What then says nothing any more is lost.
        await Until.True("the node says that it is cut off", () => node.Link.Trouble is not null);
    }

    [Fact]
    public async Task What_one_pile_sends_beyond_its_rate_is_dropped_and_reported_when_it_goes_on()
    {
        var (flooding, neighbour) = (Piles.Any(), Piles.Any());
        await using var broker = FakeBroker.Start();
        await using var node = await NodeUnderTest.StartAsync(
            broker.Port, "node",
            ("Charging:Mqtt:PacketsPerSecond", "1"), ("Charging:Mqtt:PacketBurst", "20"), ("Charging:Mqtt:FloodPatienceSeconds", "1"));

        for (uint number = 1; node.Listener.Floods.IsEmpty; number++)
        {
            await broker.PublishAsync(flooding.StatusTopic(), Piles.Status(seq: number).Json());
            await broker.PublishAsync(new Topics(flooding)[PileTopic.Telemetry], "nonsense"u8.ToArray());
            await Task.Yield();
        }
        for (uint number = 1; number <= 20; number++)
            await broker.PublishAsync(neighbour.StatusTopic(), Piles.Status(seq: number).Json());

        await Until.True("the neighbour is heard", () => node.Listener.Statuses.Count(it => it.Session.Device == neighbour) == 20);
        Assert.InRange(node.Listener.Statuses.Count(it => it.Session.Device == flooding) + node.Listener.UnreadableMessages.Count, 20, 40);
        Assert.Equal([flooding], node.Listener.Floods);
        Assert.Equal([flooding], node.Listener.Slow.Distinct());
    }

    [Fact]
    public async Task A_connection_that_ends_while_commands_are_sent_throws_nothing()
    {
        await using var broker = await MosquittoServer.StartAsync(logs: "none");
        await using var node = await NodeUnderTest.StartAsync(broker, "node");
        var device = Piles.Any();
        for (var round = 0; round < 5; round++)
        {
            using var end = new CancellationTokenSource();
            var senders = Enumerable.Range(0, 50).Select(_ => Task.Run(async () =>
            {
                while (!end.IsCancellationRequested)
                    await node.Link.SendAsync(device, Piles.SetTime());
            })).ToList();
            await broker.StopAsync();
            await Until.True("the node says that the broker is away", () => node.Link.Trouble is not null);
            await end.CancelAsync();
            await Task.WhenAll(senders);
            await broker.StartAgainAsync();
            await Until.True("the node is back", () => node.Link.Trouble is null);
        }
    }

    [Fact]
    public async Task A_node_that_starts_asks_every_pile_of_which_the_broker_has_a_status_and_keeps_none()
    {
        const int Count = 1000;
        await using var broker = await MosquittoServer.StartAsync(logs: "none", rules: [$"user {MosquittoServer.NodeName}", "topic write piles/+/status"]);
        var devices = Enumerable.Range(0, Count).Select(_ => Piles.Any()).ToList();
        await using (var writer = await RawClient.OpenAsync(broker.NodePort))
        {
            await writer.SendAsync(Packets.Connect(Packets.Utf8("writer"), MosquittoServer.NodeName, MosquittoServer.NodePassword));
            await writer.ReadAsync(4);
            foreach (var device in devices)
            {
                await writer.SendAsync(Packets.Publish(device.StatusTopic(), BigStatus(), retain: true));
                await writer.ReadAsync(4);
            }
        }
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await using var node = await NodeUnderTest.StartAsync(broker, "node");

        await Until.True("it asks all", () => node.Listener.Kept.Count == Count);
        Assert.Equal(devices.ToHashSet(), node.Listener.Kept.ToHashSet());
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 4 * MiB);
    }

    // 12 KiB.
    private static byte[] BigStatus()
    {
        var status = Piles.Status();
        while (status.CalculateSize() < 10 * 1024)
            status.Plugs.Add(new PlugStatus { Plug = (uint)status.Plugs.Count + 1, State = PlugState.Fault, Fault = new string('x', 100) });
        return status.Json();
    }

    private static async Task Stalls(Func<long> count)
    {
        var (last, since) = (-1L, Stopwatch.GetTimestamp());
        await Until.True("nothing more is taken", () =>
        {
            if (count() is var now && now != last)
                (last, since) = (now, Stopwatch.GetTimestamp());
            return Stopwatch.GetElapsedTime(since) > TimeSpan.FromSeconds(0.5);
        });
    }
}
