using System.Net;
using Charging.Device.V1;
using Charging.Testing;

namespace Charging.MqttBroker.Tests;

/// <summary>Nodes on a Mosquitto, and piles that say one thing at a time.</summary>
public sealed class ExternalBrokerTests : IAsyncLifetime
{
    private readonly DeviceNo _device = Piles.Any();
    private MosquittoServer _broker = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await MosquittoServer.StartAsync();
        await _broker.LetInAsync(new Dictionary<string, string> { [_device.ToString()] = TestListener.Secret });
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Statuses_and_results_go_to_all_nodes_and_an_event_to_one()
    {
        await using var first = await NodeUnderTest.StartAsync(_broker, "first");
        await using var second = await NodeUnderTest.StartAsync(_broker, "second");
        await using var pile = await RawClient.ConnectAsync(_broker.PilePort, _device);
        for (uint number = 1; number <= 20; number++)
        {
            await pile.SendAsync(Packets.Publish(_device.EventsTopic(), Piles.Swipe(number).Json()));
            await pile.ReadAsync(4);
        }
        await pile.SendAsync(Packets.Publish(_device.StatusTopic(), Piles.Status().Json()));
        await pile.SendAsync(Packets.Publish(new Topics(_device)[PileTopic.Results], new CommandResult { CommandId = "c" }.Json()));

        await Until.True("both nodes have heard the result", () => !first.Listener.Results.IsEmpty && !second.Listener.Results.IsEmpty);
        Assert.Single(first.Listener.Statuses);
        Assert.Single(second.Listener.Statuses);
        var heard = first.Listener.Events.Concat(second.Listener.Events).Select(it => it.Event.EventId).ToList();
        Assert.Equal(Enumerable.Range(1, 20).Select(number => (uint)number), heard.Order());
        Assert.NotEmpty(first.Listener.Events);
        Assert.NotEmpty(second.Listener.Events);
    }

    [Fact]
    public async Task An_event_is_acknowledged_to_the_broker_when_the_listener_is_done_with_it_and_not_before()
    {
        await using var node = await NodeUnderTest.StartAsync(_broker, "node");
        var done = new TaskCompletionSource();
        node.Listener.OnEvent = _ => done.Task;
        await using var pile = await RawClient.ConnectAsync(_broker.PilePort, _device);
        await pile.SendAsync(Packets.Publish(_device.EventsTopic(), Piles.Swipe(1).Json()));
        await pile.SendAsync(Packets.Publish(_device.StatusTopic(), Piles.Status().Json()));
        // The status comes after the event, and is not held up by it.
        await Until.True("the node has heard both", () => !node.Listener.Events.IsEmpty && !node.Listener.Statuses.IsEmpty);
        Assert.DoesNotContain("Received PUBACK from node", _broker.Log);

        done.SetResult();
        await Until.True("the node has acknowledged it", () => _broker.Log.Contains("Received PUBACK from node"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Events_are_left_to_other_nodes_while_one_cannot_keep_them(bool isHanging)
    {
        await using var first = await NodeUnderTest.StartAsync(_broker, "first");
        await using var second = await NodeUnderTest.StartAsync(_broker, "second");
        await using var pile = await RawClient.ConnectAsync(_broker.PilePort, _device);
        var answer = new TaskCompletionSource<bool>();
        if (!isHanging)
            answer.SetResult(false);
        first.Listener.CanKeep = answer.Task;
        await Until.True("the first node leaves the events", () => _broker.Log.Contains("Received UNSUBSCRIBE from first"));
        for (uint number = 1; number <= 10; number++)
        {
            await pile.SendAsync(Packets.Publish(_device.EventsTopic(), Piles.Swipe(number).Json()));
            await pile.ReadAsync(4);
        }
        await pile.SendAsync(Packets.Publish(_device.StatusTopic(), Piles.Status().Json()));
        await Until.True("all have come to the second", () => second.Listener.Events.Count == 10);
        await Until.True("the first still hears statuses", () => !first.Listener.Statuses.IsEmpty);
        Assert.Empty(first.Listener.Events);

        first.Listener.CanKeep = Task.FromResult(true);
        answer.TrySetResult(true);
        uint next = 11;
        await Until.True("the first takes its share again", async () =>
        {
            await pile.SendAsync(Packets.Publish(_device.EventsTopic(), Piles.Swipe(next++).Json()));
            await pile.ReadAsync(4);
            return !first.Listener.Events.IsEmpty;
        });
    }

    [Fact]
    public async Task The_first_event_under_a_new_secret_is_of_a_new_session()
    {
        await using var node = await NodeUnderTest.StartAsync(_broker, "node");
        await using var pile = await RawClient.ConnectAsync(_broker.PilePort, _device);
        await pile.SendAsync(Packets.Publish(_device.StatusTopic(), Piles.Status().Json()));
        await Until.True("the status has come", () => !node.Listener.Statuses.IsEmpty);

        node.Listener.Generation = 2;
        await pile.SendAsync(Packets.Publish(_device.EventsTopic(), Piles.Swipe(1).Json()));

        await Until.True("the event has come", () => !node.Listener.Events.IsEmpty);
        Assert.Equal(2, node.Listener.Events.Single().Session.SecretGeneration);
        Assert.Equal([1, 2], node.Listener.Connections.Select(session => session.SecretGeneration));
    }

    [Fact]
    public async Task Mosquitto_puts_out_whose_secret_was_replaced_and_nobody_else()
    {
        var other = Piles.Any();
        await _broker.LetInAsync(new Dictionary<string, string> { [$"{_device}"] = TestListener.Secret, [$"{other}"] = TestListener.Secret });
        await using var pile = await RawClient.ConnectAsync(_broker.PilePort, _device);
        await using var neighbour = await RawClient.ConnectAsync(_broker.PilePort, other);

        await _broker.LetInAsync(new Dictionary<string, string> { [$"{_device}"] = "another-secret", [$"{other}"] = TestListener.Secret });

        await pile.ReadToEndAsync();
        Assert.True(await neighbour.AnswersAsync());
    }

    [Fact]
    public async Task A_pile_that_says_too_much_at_once_is_left_to_say_it_again()
    {
        await using var node = await NodeUnderTest.StartAsync(_broker, "node", ("Charging:Mqtt:MaxMessagesInFlight", "2"));
        var done = new TaskCompletionSource();
        node.Listener.OnEvent = _ => done.Task;
        await using var pile = await RawClient.ConnectAsync(_broker.PilePort, _device);
        for (uint number = 1; number <= 3; number++)
            await pile.SendAsync(Packets.Publish(_device.EventsTopic(), Piles.Swipe(number).Json()));
        await Until.True("the third is acknowledged without being handled", () => _broker.Log.Contains("Received PUBACK from node"));
        Assert.Equal([1u, 2u], node.Listener.Events.Select(it => it.Event.EventId));

        done.SetResult();
        await pile.SendAsync(Packets.Publish(_device.EventsTopic(), Piles.Swipe(3).Json()));
        await Until.True("it is handled when it comes again", () => node.Listener.Events.Any(it => it.Event.EventId == 3));
    }

    [Fact]
    public async Task The_will_of_a_connection_that_was_taken_over_is_not_the_end_of_the_new_one()
    {
        await using var node = await NodeUnderTest.StartAsync(_broker, "node");
        var old = new PileStatus { BootId = "boot-1", ConnectionId = "old", ProtocolVersion = 1 };
        await using var first = await RawClient.OpenAsync(_broker.PilePort);
        await first.SendAsync(Packets.Connect(_device, new Will(Packets.Utf8(_device.StatusTopic()), old.Json())));
        await first.ReadAsync(4);
        await first.SendAsync(Packets.Publish(_device.StatusTopic(), Status("old").Json()));
        await first.ReadAsync(4);
        await using var second = await RawClient.ConnectAsync(_broker.PilePort, _device);
        await second.SendAsync(Packets.Publish(_device.StatusTopic(), Status("new").Json()));

        await Until.True("the status of the new connection has come", () => node.Listener.Statuses.Any(it => it.Status.ConnectionId == "new"));
        Assert.Equal(2, node.Listener.Connections.Count);
        Assert.True(node.Listener.Connections.Last().Number > node.Listener.Connections.First().Number);
        Assert.All(node.Listener.Disconnections, session => Assert.Equal(node.Listener.Connections.First(), session));
    }

    [Fact]
    public async Task What_the_broker_has_kept_is_a_reason_to_ask_and_nothing_more()
    {
        await using (var pile = await RawClient.ConnectAsync(_broker.PilePort, _device))
        {
            await pile.SendAsync(Packets.Publish(_device.StatusTopic(), Piles.Status().Json(), retain: true));
            await pile.ReadAsync(4);
        }

        await using var node = await NodeUnderTest.StartAsync(_broker, "node");

        await Until.True("the node is told of the pile", () => node.Listener.Kept.Contains(_device));
        Assert.Empty(node.Listener.Connections);
        Assert.Empty(node.Listener.Statuses);
    }

    [Fact]
    public async Task A_will_that_came_while_a_node_was_cut_off_reaches_it_when_it_is_back()
    {
        await using var node = await NodeUnderTest.StartAsync(_broker, "node");
        var pile = await RawClient.OpenAsync(_broker.PilePort);
        await pile.SendAsync(Packets.Connect(_device, new Will(Packets.Utf8(_device.StatusTopic()), Piles.Status(online: false).Json())));
        await pile.ReadAsync(4);
        await pile.SendAsync(Packets.Publish(_device.StatusTopic(), Piles.Status().Json(), retain: true));
        await Until.True("the node knows the pile", () => !node.Listener.Statuses.IsEmpty);

        // The same client id takes the node's connection; while it has it, the pile goes.
        await using (var thief = await RawClient.OpenAsync(_broker.NodePort))
        {
            await thief.SendAsync(Packets.Connect(Packets.Utf8("node"), MosquittoServer.NodeName, MosquittoServer.NodePassword));
            await thief.ReadAsync(4);
            await pile.DisposeAsync();
        }

        await Until.True("the node has learnt of the end", () => node.Listener.Disconnections.Any(session => session.Device == _device));
    }

    [Fact]
    public async Task A_command_reaches_the_pile_and_without_a_pile_it_is_not_sent()
    {
        await using var node = await NodeUnderTest.StartAsync(_broker, "node");
        Assert.False(await node.Link.SendAsync(_device, Piles.SetTime()));

        await using var pile = await RawClient.ConnectAsync(_broker.PilePort, _device);
        await pile.SendAsync(Packets.Subscribe(_device.CommandsTopic()));
        await pile.ReadAsync(5);
        Assert.True(await node.Link.SendAsync(_device, Piles.SetTime()));
        Assert.Equal((byte)'{', (await pile.ReadCommandAsync())[0]);

        await _broker.StopAsync();
        await Until.True("the node says that the broker is away", () => node.Link.Trouble is not null);
        Assert.False(await node.Link.SendAsync(_device, Piles.SetTime()));
        Assert.Contains("mqtt://127.0.0.1", node.Link.Trouble);
    }

    [Fact]
    public async Task What_is_not_understood_says_nothing_of_the_form()
    {
        await using var node = await NodeUnderTest.StartAsync(_broker, "node");
        await using var pile = await RawClient.ConnectAsync(_broker.PilePort, _device);
        await pile.SendAsync(Packets.Subscribe(_device.CommandsTopic()));
        await pile.ReadAsync(5);
        await pile.SendAsync(Packets.Publish($"piles/{_device}/telemetry", [0]));
        await Until.True("it was set aside", () => node.Listener.UnreadableMessages.Count == 1);

        Assert.True(await node.Link.SendAsync(_device, Piles.SetTime()));
        Assert.Equal((byte)'{', (await pile.ReadCommandAsync())[0]);
    }

    [Fact]
    public async Task A_node_that_is_cut_off_notices_also_while_it_has_much_to_say()
    {
        await using var wire = new TcpProxy(new IPEndPoint(IPAddress.Loopback, _broker.NodePort));
        await using var node = await NodeUnderTest.StartAsync(wire.Port, "node");
        wire.Cut();
        var commands = new List<Task<bool>>();
        await Until.True("the node says that it is cut off", () =>
        {
            commands.Add(node.Link.SendAsync(_device, Piles.SetTime()).AsTask());
            return node.Link.Trouble is not null;
        });

        // What was handed over may have arrived; what came later has not.
        Assert.True(await commands[0]);
        Assert.False(await node.Link.SendAsync(_device, Piles.SetTime()));
        wire.Mend();
        await Until.True("it is ready again", () => node.Link.Trouble is null);
        await Task.WhenAll(commands);
    }

    [Fact]
    public async Task A_node_that_says_that_it_is_cut_off_takes_no_command()
    {
        await using var wire = new TcpProxy(new IPEndPoint(IPAddress.Loopback, _broker.NodePort));
        await using var node = await NodeUnderTest.StartAsync(wire.Port, "node");
        // It leaves the events after six questions, and has no answer to that when it finds out about the wire.
        node.Listener.CanKeep = Task.FromResult(false);
        await Until.True("it has asked for a while", () => node.Listener.TimesAsked >= 3);
        wire.Cut();
        Assert.True(await node.Link.SendAsync(_device, Piles.SetTime()));

        // At once, unless something was still on its way when the wire was cut.
        await Until.True("the node says that it is cut off", () => node.Link.Trouble is not null);
        Assert.False(await node.Link.SendAsync(_device, Piles.SetTime()));
    }

    [Fact]
    public async Task A_command_that_its_sender_gives_up_is_cut_short_and_says_nothing_of_the_broker()
    {
        await using var wire = new TcpProxy(new IPEndPoint(IPAddress.Loopback, _broker.NodePort));
        await using var node = await NodeUnderTest.StartAsync(wire.Port, "node");
        wire.Cut();
        using var end = new CancellationTokenSource();
        var command = node.Link.SendAsync(_device, Piles.SetTime(), end.Token).AsTask();

        await end.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command);
        Assert.Null(node.Link.Trouble);
    }

    [Fact]
    public async Task A_pile_that_the_listener_does_not_let_in_is_not_heard_whatever_the_broker_does()
    {
        await using var node = await NodeUnderTest.StartAsync(_broker, "node");
        node.Listener.Retired.Add(_device);
        await using var pile = await RawClient.ConnectAsync(_broker.PilePort, _device);
        await pile.SendAsync(Packets.Publish(_device.EventsTopic(), Piles.Swipe(1).Json()));
        await Until.True("the node has put it aside", () => _broker.Log.Contains("Received PUBACK from node"));
        Assert.Empty(node.Listener.Events);
    }

    private static PileStatus Status(string connectionId)
    {
        var status = Piles.Status();
        status.ConnectionId = connectionId;
        return status;
    }
}
