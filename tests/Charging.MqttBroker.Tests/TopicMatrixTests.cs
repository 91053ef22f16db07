using System.Globalization;

namespace Charging.MqttBroker.Tests;

/// <summary>
/// R9: who × where × how, generated. A cell leaks when anything but the pile's own four topics reaches the listener, when it
/// reaches it under another name, when a foreign subscription is granted, or when the connection survives an attempt.
/// <c>CHARGING_TOPIC_CELLS</c> sets how many cells are tried (5,000 for the figure).
/// </summary>
public sealed class TopicMatrixTests
{
    private static readonly int Cells = int.Parse(Environment.GetEnvironmentVariable("CHARGING_TOPIC_CELLS") ?? "600", CultureInfo.InvariantCulture);

    private enum Act
    {
        Publish0,
        Publish1,
        Publish2,
        PublishRetained,
        Subscribe,
        Will,
    }

    [Fact]
    public async Task Nobody_reaches_a_topic_of_anybody_else()
    {
        await using var broker = await BrokerUnderTest.StartAsync(("Charging:Mqtt:PacketBurst", "100000"));
        var victim = Piles.Any();
        await using var listening = await RawClient.ConnectAsync(broker.Port, victim);
        await listening.SendAsync(Packets.Subscribe($"piles/{victim}/#"));
        await listening.ReadAsync(5);
        var random = new Random(Cells);
        var cells = Enumerable.Range(0, Cells).Select(i => (Act: (Act)(i % 6), Seed: random.Next())).ToList();

        await Parallel.ForEachAsync(cells, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (cell, _) => await TryAsync(broker, victim, cell.Act, new Random(cell.Seed)));

        Assert.True(await listening.AnswersAsync());
        Assert.DoesNotContain(broker.Listener.Statuses, heard => heard.Session.Device == victim);
        Assert.Empty(broker.Listener.Events);
        Assert.Empty(broker.Listener.Telemetry);
        Assert.Empty(broker.Listener.Results);
        Assert.Empty(broker.Listener.UnreadableMessages);
    }

    private static async Task TryAsync(BrokerUnderTest broker, DeviceNo victim, Act act, Random random)
    {
        var device = Piles.Any();
        var topic = Topic(device, victim, random);
        var what = $"{act} {Convert.ToHexString(topic)} by {device}";
        await using var client = await RawClient.OpenAsync(broker.Port);
        if (act == Act.Will)
        {
            await client.SendAsync(Packets.Connect(device, new Will(topic, [(byte)'{', (byte)'}'], random.Next(2), random.Next(2) == 0)));
            Assert.False((await client.ReadToEndAsync(what)).AsSpan().StartsWith(Packets.Accepted), what);
            return;
        }

        await client.SendAsync(Packets.Connect(device));
        Assert.Equal(Packets.Accepted, await client.ReadAsync(4));
        await client.SendAsync(act switch
        {
            Act.Publish0 => Packets.Publish(topic, "{}"u8.ToArray(), qos: 0),
            Act.Publish1 => Packets.Publish(topic, "{}"u8.ToArray()),
            Act.Publish2 => Packets.Publish(random.Next(2) == 0 ? topic : Packets.Utf8(device.StatusTopic()), "{}"u8.ToArray(), qos: 2),
            Act.PublishRetained => Packets.Publish(topic, "{}"u8.ToArray(), retain: true),
            _ => Packets.Subscribe(SubscribesToOthers(topic, device) ? topic : [.. topic, 0], random.Next(2)),
        });

        Assert.Empty(await client.ReadToEndAsync(what));
    }

    // A filter under the pile's own prefix is its own business; such a one is broken with a NUL instead.
    private static bool SubscribesToOthers(byte[] topic, DeviceNo device) => !topic.AsSpan().StartsWith(Packets.Utf8($"piles/{device}/"));

    /// <summary>A topic that is not one of those that a pile may publish to.</summary>
    internal static byte[] Topic(DeviceNo device, DeviceNo victim, Random random)
    {
        string[] prefixes = [$"piles/{victim}/", $"piles/{device}x/", $"piles//{device}/", $"/piles/{device}/", $"Piles/{device}/", $"piles/{device.ToString().ToLowerInvariant()}/", "piles/+/", "+/+/", "$SYS/", "$share/all/piles/+/", $"$share/g/piles/{device}/", $"piles/{device}/../{victim}/", ""];
        string[] suffixes = ["status", "events", "telemetry", "results", "commands", "#", "+", "status/x", "STATUS", "status#", "\u0000", "\u202Estatus", ""];
        var text = prefixes[random.Next(prefixes.Length)] + suffixes[random.Next(suffixes.Length)];
        return random.Next(8) switch
        {
            0 => [.. Packets.Utf8(text), 0xC3, 0x28],
            1 => [0xFF, .. Packets.Utf8(text)],
            2 => [.. Packets.Utf8(text), 0xED, 0xA0, 0x80],
            3 => Packets.Utf8(text + "/" + new string('x', random.Next(1, 4000))),
            4 => Packets.Utf8($"piles/{device}/commands"),
            5 => [.. Packets.Utf8($"piles/{device}/status"), 0],
            _ => Packets.Utf8(text),
        };
    }
}
