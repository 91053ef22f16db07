using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Piles;
using Google.Protobuf;
using MQTTnet.AspNetCore;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Charging.Testing;

/// <summary>
/// A pile that waits for a server that stands still, however long that takes, and sends nothing by itself. The client of
/// MQTTnet closes a connection on which no ping is answered for one keep-alive.
/// </summary>
public sealed class WaitingPile : IAsyncDisposable
{
    private readonly TcpClient _tcp = new() { NoDelay = true };
    private readonly MqttPacketFormatterAdapter _formatter = new(MqttProtocolVersion.V311, new MqttBufferWriter(256, 4096));
    private readonly ConcurrentQueue<Command> _received = new();
    private readonly string _topics;
    private Task _receiving = Task.CompletedTask;
    private ushort _packets;

    private WaitingPile(string device) => _topics = $"piles/{device}";

    /// <summary>Boot of what it sends.</summary>
    public string BootId => "boot-1";

    /// <summary>Whether the broker still holds the connection.</summary>
    public bool IsConnected => !_receiving.IsCompleted;

    /// <summary>Connects, subscribes, reports one plug as free, and waits until it was told the time.</summary>
    public static async Task<WaitingPile> OpenAsync(int port, string device, string secret, TimeSpan keepAlive)
    {
        var pile = new WaitingPile(device);
        await pile._tcp.ConnectAsync(IPAddress.Loopback, port);
        pile._receiving = pile.ReceiveAsync();
        await pile.WriteAsync(new MqttConnectPacket
        {
            ClientId = device,
            Username = device,
            Password = Encoding.UTF8.GetBytes(secret),
            CleanSession = true,
            KeepAlivePeriod = (ushort)keepAlive.TotalSeconds,
        });
        await pile.WriteAsync(new MqttSubscribePacket
        {
            PacketIdentifier = ++pile._packets,
            TopicFilters = [new MqttTopicFilter { Topic = $"{pile._topics}/commands", QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce }],
        });
        await pile.SendAsync("status", new PileStatus
        {
            ProtocolVersion = 1,
            BootId = pile.BootId,
            ConnectionId = "connection-1",
            Online = true,
            Seq = 1,
            Plugs = { new PlugStatus { Plug = 1, State = PlugState.Connected } },
        });
        await pile.ReceivedAsync(command => command.SetTime is not null);
        return pile;
    }

    /// <summary>Sends a message on one of its topics; done when the machine has taken it.</summary>
    public Task SendAsync(string leaf, IMessage message) => WriteAsync(new MqttPublishPacket
    {
        Topic = $"{_topics}/{leaf}",
        Payload = new ReadOnlySequence<byte>(message.ToByteArray()),
        QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        PacketIdentifier = ++_packets,
    });

    /// <summary>Waits for a command.</summary>
    public async Task<Command> ReceivedAsync(Func<Command, bool> fits)
    {
        Command? found = null;
        await Retry.Until("the pile has the command", () => (found = _received.FirstOrDefault(fits)) is not null);
        return found!;
    }

    /// <summary>Drops the connection without DISCONNECT.</summary>
    public async ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task WriteAsync(MqttPacket packet)
    {
        var encoded = _formatter.Encode(packet);
        await _tcp.GetStream().WriteAsync((byte[])[.. encoded.Packet, .. encoded.Payload.ToArray()]);
        _formatter.Cleanup();
    }

    private async Task ReceiveAsync()
    {
        var input = PipeReader.Create(_tcp.GetStream());
        while (await input.ReadAsync() is { IsCompleted: false } read)
        {
            var rest = read.Buffer;
            while (_formatter.TryDecode(rest, out var packet, out var end, out _, out _))
            {
                rest = rest.Slice(end);
                if (packet is MqttPublishPacket publish && Codec.TryRead(Command.Parser, publish.Payload.ToArray(), out var command))
                    _received.Enqueue(command);
            }
            input.AdvanceTo(rest.Start, rest.End);
        }
    }
}
