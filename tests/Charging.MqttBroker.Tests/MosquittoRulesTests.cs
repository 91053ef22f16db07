using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Charging.Testing;

namespace Charging.MqttBroker.Tests;

/// <summary>
/// R9 once more, at a small count, with the files that are exported for Mosquitto in place of our own code. A cell leaks when
/// anything but a pile's own four topics comes out of the broker, or when a pile hears anything but its own commands.
/// <c>CHARGING_MOSQUITTO_CELLS</c> sets how many cells are tried.
/// </summary>
public sealed class MosquittoRulesTests : IAsyncLifetime
{
    private const string Spy = "spy";
    private static readonly int Cells = int.Parse(Environment.GetEnvironmentVariable("CHARGING_MOSQUITTO_CELLS") ?? "240", CultureInfo.InvariantCulture);
    private readonly DeviceNo _victim = Piles.Any();
    private readonly DeviceNo[] _piles = [.. Enumerable.Range(0, Cells).Select(_ => Piles.Any())];
    private MosquittoServer _broker = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await MosquittoServer.StartAsync(rules: ["", $"user {Spy}", "topic read #"]);
        var hash = MosquittoFiles.HashOfPile(TestListener.Secret);
        string[] names = [Spy, MosquittoServer.NodeName, .. _piles.Append(_victim).Select(device => device.ToString())];
        await _broker.LetInAsync(names.Select(name => MosquittoFiles.PasswordLine(name, hash)));
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Theory]
    [InlineData("a-wrong-secret")]
    [InlineData("")]
    public async Task A_wrong_secret_is_refused(string secret)
    {
        await using var client = await RawClient.OpenAsync(_broker.PilePort);
        await client.SendAsync(Packets.Connect(Packets.Utf8(_victim.ToString()), _victim.ToString(), secret));
        Assert.Equal(Packets.Refused(5), await client.ReadAsync(4));
    }

    [Fact]
    public async Task A_pile_cannot_push_another_out_by_its_client_id()
    {
        await using var victim = await RawClient.ConnectAsync(_broker.PilePort, _victim);
        await using var other = await RawClient.OpenAsync(_broker.PilePort);
        await other.SendAsync(Packets.Connect(Packets.Utf8(_victim.ToString()), _piles[0].ToString(), TestListener.Secret));
        Assert.Equal(Packets.Accepted, await other.ReadAsync(4));
        Assert.True(await victim.AnswersAsync());
    }

    [Fact]
    public async Task Nothing_comes_out_but_what_a_pile_may_say()
    {
        await using var spy = await OpenAsync(_broker.NodePort, Spy);
        await spy.SendAsync(Packets.Subscribe("#", 0));
        await spy.ReadAsync(5);
        var said = new ConcurrentBag<string>();

        await Parallel.ForEachAsync(_piles.Index(), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (cell, _) =>
        {
            var random = new Random(cell.Index);
            var topic = TopicMatrixTests.Topic(cell.Item, _victim, random);
            said.Add(Encoding.UTF8.GetString(topic));
            await SayAsync(cell.Item, topic, random);
        });
        await using var victim = await RawClient.ConnectAsync(_broker.PilePort, _victim);
        await victim.SendAsync(Packets.Publish(_victim.StatusTopic(), Packets.Utf8(_victim.ToString())));

        Assert.Equal(_victim.StatusTopic(), (await spy.ReadPublishAsync()).Topic);
        Assert.Contains(said, topic => topic.StartsWith($"piles/{_victim}/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pile_hears_nothing_but_its_own_commands()
    {
        await using var victim = await RawClient.ConnectAsync(_broker.PilePort, _victim);
        await using var node = await OpenAsync(_broker.NodePort, MosquittoServer.NodeName);
        var listening = new List<RawClient>();
        foreach (var (index, device) in _piles.Index())
        {
            var client = await RawClient.ConnectAsync(_broker.PilePort, device);
            listening.Add(client);
            await client.SendAsync(Packets.Subscribe(index == 0 ? Packets.Utf8("#") : TopicMatrixTests.Topic(device, _victim, new Random(index))));
        }
        var before = await Task.WhenAll(listening.Select(client => client.AnswersAsync()));
        foreach (var name in new[] { "status", "events", "telemetry", "results" })
            await victim.SendAsync(Packets.Publish($"piles/{_victim}/{name}", "{}"u8.ToArray(), retain: true));
        await node.SendAsync(Packets.Publish(_victim.CommandsTopic(), "{}"u8.ToArray()));
        await node.SendAsync(Packets.Publish(_piles[0].CommandsTopic(), "{}"u8.ToArray()));
        Assert.True(await victim.AnswersAsync());
        Assert.True(await node.AnswersAsync());

        // The first hears its own command, by a filter for everything; nobody hears more.
        Assert.Equal(_piles[0].CommandsTopic(), (await listening[0].ReadPublishAsync()).Topic);
        Assert.Contains(true, before);
        foreach (var client in listening)
        {
            Assert.Empty(await client.HeardBeforePongAsync());
            await client.DisposeAsync();
        }
    }

    private static async Task<RawClient> OpenAsync(int port, string name)
    {
        var client = await RawClient.OpenAsync(port);
        await client.SendAsync(Packets.Connect(Packets.Utf8(name), name, TestListener.Secret));
        Assert.Equal(Packets.Accepted, await client.ReadAsync(4));
        return client;
    }

    private async Task SayAsync(DeviceNo device, byte[] topic, Random random)
    {
        await using var client = await RawClient.OpenAsync(_broker.PilePort);
        var payload = Packets.Utf8(device.ToString());
        if (random.Next(3) == 0)
        {
            // Dropped without a word, so that the broker publishes the will.
            await client.SendAsync(Packets.Connect(device, new Will(topic, payload, random.Next(2), random.Next(2) == 0)));
            await client.ReadAsync(4);
            return;
        }
        await client.SendAsync(Packets.Connect(device));
        await client.ReadAsync(4);
        await client.SendAsync(Packets.Publish(topic, payload, random.Next(2), retain: random.Next(2) == 0));
        await client.AnswersAsync();
    }
}
