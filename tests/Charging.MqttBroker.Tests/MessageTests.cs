using System.Text;
using Charging.Device.V1;
using Google.Protobuf;

namespace Charging.MqttBroker.Tests;

/// <summary>Messages both ways, in both forms.</summary>
public sealed class MessageTests
{
    [Fact]
    public async Task A_pile_is_answered_in_the_form_that_it_used_last()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        broker.Listener.OnStatus = (session, status) => _ = broker.Send(session.Device, Piles.SetTime());
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);
        await pile.SendAsync(Packets.Subscribe(device.CommandsTopic()));
        Assert.Equal([0x90, 3, 0, 7, 1], await pile.ReadAsync(5));

        await pile.SendAsync(Packets.Publish(device.StatusTopic(), Piles.Status().ToByteArray()));
        Assert.Equal("command-1", Command.Parser.ParseFrom(await pile.ReadCommandAsync()).CommandId);
        await pile.SendAsync(Packets.Publish(device.StatusTopic(), Piles.Status(seq: 2).Json(), packetId: 2));
        Assert.Equal("command-1", Command.Parser.ParseJson(Encoding.UTF8.GetString(await pile.ReadCommandAsync())).CommandId);
    }

    public static TheoryData<byte[]> NotUnderstood => new(new byte[] { 0 }, [], Piles.Status().Json()[..^1], [0xff], [(byte)' ', .. Piles.Status().ToByteArray()]);

    [Theory]
    [MemberData(nameof(NotUnderstood))]
    public async Task What_is_not_understood_says_nothing_of_the_form(byte[] payload)
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);
        await pile.SendAsync(Packets.Subscribe(device.CommandsTopic()));
        await pile.ReadAsync(5);
        foreach (var topic in new[] { "status", "telemetry", "events", "results" })
            await pile.SendAsync(Packets.Publish(device.StatusTopic().Replace("status", topic, StringComparison.Ordinal), payload));
        await Until.True("all of it was set aside", () => broker.Listener.UnreadableMessages.Count == 4);

        Assert.True(await broker.Send(device, Piles.SetTime()));
        Assert.Equal((byte)'{', (await pile.ReadCommandAsync())[0]);
    }

    [Fact]
    public async Task An_event_without_a_number_is_set_aside_because_no_acknowledgement_could_name_it()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);
        await pile.SendAsync(Packets.Publish(device.EventsTopic(), Packets.Utf8("""{"alarm":{"code":"ALARM_CODE_SMOKE"}}""")));
        await pile.SendAsync(Packets.Publish(device.EventsTopic(), Piles.Swipe(1).Json(), packetId: 2));
        await Until.True("the next one came", () => broker.Listener.Events.Count == 1);
        Assert.Equal(1u, broker.Listener.Events.Single().Event.EventId);
        Assert.Single(broker.Listener.UnreadableMessages);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Before_its_first_message_a_pile_is_answered_in_the_form_of_its_will_or_of_its_last_connection(bool withWill)
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        if (!withWill)
        {
            await using var before = await RawClient.ConnectAsync(broker.Port, device);
            await before.SendAsync(Packets.Publish(device.StatusTopic(), Piles.Status().ToByteArray()));
            await before.ReadAsync(4);
            await before.SendAsync(Packets.Disconnect);
            await Until.True("the first connection has ended", () => broker.Listener.Disconnections.Count == 1);
        }

        await using var pile = await RawClient.OpenAsync(broker.Port);
        var will = new Will(Packets.Utf8(device.StatusTopic()), Piles.Status(online: false).ToByteArray());
        await pile.SendAsync(Packets.Connect(device, withWill ? will : null));
        await pile.ReadAsync(4);
        await pile.SendAsync(Packets.Subscribe(device.CommandsTopic()));
        await pile.ReadAsync(5);

        Assert.True(await broker.Send(device, Piles.SetTime()));

        Assert.Equal("command-1", Command.Parser.ParseFrom(await pile.ReadCommandAsync()).CommandId);
    }

    [Fact]
    public async Task Commands_wait_for_a_pile_that_sends_its_status_before_it_subscribes()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);
        await pile.SendAsync(Packets.Publish(device.StatusTopic(), Piles.Status().Json()));
        await pile.ReadAsync(4);

        for (var i = 1; i <= 8; i++)
            Assert.True(await broker.Send(device, Piles.SetTime($"command-{i}")));
        Assert.False(await broker.Send(device, Piles.SetTime("one too many")));
        await pile.SendAsync(Packets.Subscribe($"piles/{device}/#", qos: 0));

        for (var i = 1; i <= 8; i++)
            Assert.Contains($"command-{i}\"", Encoding.UTF8.GetString(await pile.ReadCommandAsync()));
    }

    [Fact]
    public async Task A_command_for_a_pile_that_is_not_there_or_listens_no_more_is_not_taken()
    {
        await using var broker = await BrokerUnderTest.StartAsync(("Charging:Mqtt:MaxCommandsInFlight", "1"));
        var device = Piles.Any();
        Assert.False(await broker.Send(device, Piles.SetTime()));
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);
        await pile.SendAsync(Packets.Subscribe(device.CommandsTopic()));
        await pile.ReadAsync(5);

        Assert.True(await broker.Send(device, Piles.SetTime()));
        Assert.False(await broker.Send(device, Piles.SetTime("the first is not acknowledged")));
        var command = await pile.ReadPublishAsync();
        await pile.SendAsync(Packets.Ack(command.PacketId));
        Assert.True(await pile.AnswersAsync());
        Assert.True(await broker.Send(device, Piles.SetTime("command-2")));
        await pile.ReadPublishAsync();
        await pile.SendAsync([.. Packets.Unsubscribe(device.CommandsTopic()), .. Packets.Disconnect]);
        await Until.True("the pile is gone", () => broker.Listener.Disconnections.Count == 1);

        Assert.False(await broker.Send(device, Piles.SetTime()));
    }

    [Fact]
    public async Task A_pile_can_be_disconnected()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);
        await Until.True("the pile is known", () => broker.Listener.Connections.Count == 1);

        await broker.Link.DisconnectAsync(device);

        Assert.Empty(await pile.ReadToEndAsync());
        await Until.True("the listener hears of it", () => broker.Listener.Disconnections.Count == 1);
        await broker.Link.DisconnectAsync(device);
    }

    [Fact]
    public async Task Every_kind_of_message_reaches_the_listener()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);
        var result = new CommandResult { CommandId = "command-1", Outcome = CommandOutcome.Done };
        var telemetry = new PileTelemetry { BootId = "boot-1", Plugs = { new PlugTelemetry { Plug = 1, PowerW = 200 } } };

        await pile.SendAsync(Packets.Publish(device.EventsTopic(), Piles.Swipe(7).Json()));
        await pile.SendAsync(Packets.Publish($"piles/{device}/results", result.ToByteArray(), packetId: 2));
        await pile.SendAsync(Packets.Publish($"piles/{device}/telemetry", telemetry.Json(), qos: 0));

        Assert.True(await pile.AnswersAsync());
        Assert.Equal(Piles.Swipe(7), Assert.Single(broker.Listener.Events).Event);
        Assert.Equal(result, Assert.Single(broker.Listener.Results).Result);
        Assert.Equal(telemetry, Assert.Single(broker.Listener.Telemetry).Telemetry);
    }

    [Fact]
    public async Task Statuses_arrive_once_and_in_order_however_the_network_cuts_them()
    {
        await using var broker = await BrokerUnderTest.StartAsync(("Charging:Mqtt:PacketBurst", "100000"));
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);
        var random = new Random(20191204);
        var stream = Enumerable.Range(1, 2000).SelectMany(seq => Packets.Publish(
            device.StatusTopic(), seq % 2 == 0 ? Big((uint)seq).ToByteArray() : Piles.Status(seq: (uint)seq).Json(), packetId: (ushort)seq)).ToArray();

        var acks = pile.ReadAsync(2000 * 4);
        for (var sent = 0; sent < stream.Length;)
        {
            var length = Math.Min(random.Next(1, 9000), stream.Length - sent);
            await pile.SendAsync(stream[sent..(sent + length)]);
            sent += length;
        }

        Assert.Equal(Enumerable.Range(1, 2000).SelectMany(id => Packets.Ack((ushort)id)), await acks);
        Assert.Equal(Enumerable.Range(1, 2000), broker.Listener.Statuses.Select(heard => (int)heard.Status.Seq));

        static PileStatus Big(uint seq)
        {
            var status = Piles.Status(seq: seq);
            for (uint plug = 2; plug <= 40; plug++)
                status.Plugs.Add(new PlugStatus { Plug = plug, OrderNo = "201912040000000352", EnergyWh = seq });
            return status;
        }
    }

    [Fact]
    public async Task A_message_that_cannot_be_read_is_handed_over_as_it_is_and_the_pile_stays()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);
        byte[][] payloads = [[], "{"u8.ToArray(), "{\"ageMs\":-1}"u8.ToArray(), [0xFF, 0xFF, 0xFF], [.. "{\"bootId\":\""u8, 0xC3, 0x28, .. "\"}"u8], Packets.Utf8(new string('{', 9000))];

        foreach (var payload in payloads)
            await pile.SendAsync(Packets.Publish(device.EventsTopic(), payload));

        Assert.True(await pile.AnswersAsync());
        Assert.Equal(payloads, broker.Listener.UnreadableMessages.Select(message => message.Payload));
        Assert.All(broker.Listener.UnreadableMessages, message => Assert.Equal(device.EventsTopic(), message.Topic));
        Assert.Empty(broker.Listener.Events);
    }

    [Fact]
    public async Task Fields_and_names_of_newer_firmware_are_ignored()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);

        await pile.SendAsync(Packets.Publish(device.StatusTopic(), Packets.Utf8(
            """{"bootId":"b","mood":{"a":[1]},"plugs":[{"plug":1,"state":"PLUG_STATE_WIRELESS"},{"plug":2,"state":"PLUG_STATE_IDLE"}]}""")));

        Assert.True(await pile.AnswersAsync());
        var status = Assert.Single(broker.Listener.Statuses).Status;
        Assert.Equal([PlugState.Unspecified, PlugState.Idle], status.Plugs.Select(plug => plug.State));
    }

    [Theory]
    [InlineData(16 * 1024, true)]
    [InlineData((16 * 1024) + 1, false)]
    public async Task A_message_has_at_most_16_KiB(int size, bool taken)
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);
        var payload = Packets.Utf8("{\"bootId\":\"b\"}".PadRight(size));

        await pile.SendAsync(Packets.Publish(device.StatusTopic(), payload, qos: 0));

        Assert.Equal(taken, await pile.AnswersAsync());
        Assert.Equal(taken ? 1 : 0, broker.Listener.Statuses.Count);
        Assert.Equal(taken ? 0 : 1, broker.Count("cut:packet_too_large"));
    }

    [Fact]
    public async Task A_message_that_is_announced_too_large_is_cut_before_it_comes()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        await using var pile = await RawClient.ConnectAsync(broker.Port, Piles.Any());

        await pile.SendAsync(Packets.Packet(0x30, [0, 1], announced: 268_435_455));

        Assert.Empty(await pile.ReadToEndAsync());
        Assert.Equal(1, broker.Count("cut:packet_too_large"));
    }
}
