using System.Diagnostics;
using Charging.Device.V1;
using Google.Protobuf;

namespace Charging.MqttBroker.Tests;

/// <summary>Messages both ways, in both forms.</summary>
public sealed class MessageTests
{
    [Fact]
    public async Task A_status_arrives_from_an_mqtt_client_and_a_command_comes_back_in_the_same_form()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        broker.Listener.OnStatus = (session, status) => _ = broker.Send(session.Device, Piles.SetTime());
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);

        await pile.SendAsync(Packets.Subscribe(device.CommandsTopic()));
        Assert.Equal([0x90, 3, 0, 7, 1], await pile.ReadAsync(5));
        await pile.SendAsync(Packets.Publish(device.StatusTopic(), Piles.Status().ToByteArray()));

        var binary = await ReceiveCommand(pile);
        Assert.Equal("command-1", Command.Parser.ParseFrom(binary).CommandId);
        await pile.SendAsync(Packets.Publish(device.StatusTopic(), Piles.Status(seq: 2).Json(), packetId: 2));
        var json = await ReceiveCommand(pile);
        Assert.Equal("command-1", Command.Parser.ParseJson(System.Text.Encoding.UTF8.GetString(json)).CommandId);
        Assert.Equal([1u, 2u], broker.Listener.Statuses.Select(heard => heard.Status.Seq));
    }

    private static async Task<byte[]> ReceiveCommand(RawClient pile)
    {
        while (await pile.ReadPacketAsync() is { } packet)
        {
            if (packet.Header >> 4 == 3)
            {
                var topic = (packet.Body[0] << 8) | packet.Body[1];
                return packet.Body[(topic + 4)..];
            }
        }

        throw new InvalidOperationException("The broker hung up.");
    }
}
