using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Charging.Bench;

/// <summary>MQTT 3.1.1 on bare sockets, as much of it as the loads need: a client library would cost more than the server that is measured.</summary>
internal static class MqttBytes
{
    private const byte UserPasswordCleanSession = 0xC2;
    private const byte WillAtQos1Retained = 0x2C;

    /// <summary>Connects, under the password and with the last will if there is one.</summary>
    /// <exception cref="InvalidOperationException">The broker refuses.</exception>
    public static async Task<Socket> ConnectAsync(int port, string clientId, string password, byte[]? will = null, byte keepAliveSeconds = 60)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var id = Encoding.ASCII.GetBytes(clientId);
        var flags = (byte)(UserPasswordCleanSession | (will is null ? 0 : WillAtQos1Retained));
        byte[] willFields = will is null ? [] : [.. Field(StatusTopic(clientId)), .. Field(will)];
        await socket.SendAsync(Packet(0x10, [.. Field("MQTT"u8), 4, flags, 0, keepAliveSeconds, .. Field(id), .. willFields, .. Field(id), .. Field(Encoding.ASCII.GetBytes(password))]));
        var answer = new byte[4];
        await socket.ReceiveAsync(answer);
        return answer is [0x20, 2, 0, 0] ? socket : throw new InvalidOperationException("The broker refused a pile.");
    }

    /// <summary>The topic of a pile's statuses.</summary>
    public static byte[] StatusTopic(string device) => Encoding.ASCII.GetBytes($"piles/{device}/status");

    /// <summary>A PUBLISH.</summary>
    public static byte[] Publish(ReadOnlySpan<byte> topic, int qos, ushort id, ReadOnlySpan<byte> payload) =>
        Packet((byte)(0x30 | (qos << 1)), [.. Field(topic), .. qos == 0 ? [] : (byte[])[(byte)(id >> 8), (byte)id], .. payload]);

    /// <summary>A SUBSCRIBE.</summary>
    public static byte[] Subscribe(ReadOnlySpan<byte> filter, int qos) => Packet(0x82, [0, 1, .. Field(filter), (byte)qos]);

    /// <summary>A PINGREQ.</summary>
    public static ReadOnlySpan<byte> Ping => [0xC0, 0];

    /// <summary>Reads whole packets, and writes the acknowledgement of each PUBLISH that wants one.</summary>
    /// <param name="bytes">What has come in.</param>
    /// <param name="acks">Where the acknowledgements go.</param>
    /// <param name="hear">Told the payload of each PUBLISH that wants one.</param>
    /// <returns>How many bytes were read and written, and how many packets there were.</returns>
    public static (int Read, int AckBytes, int Packets) Acknowledge(ReadOnlySpan<byte> bytes, Span<byte> acks, Action<ReadOnlySpan<byte>>? hear = null)
    {
        var (start, ackBytes, packets) = (0, 0, 0);
        while (true)
        {
            var (at, length, shift) = (start + 1, 0, 0);
            while (at < bytes.Length && bytes[at] > 0x7F)
            {
                length |= (bytes[at++] & 0x7F) << shift;
                shift += 7;
            }

            if (at >= bytes.Length)
                return (start, ackBytes, packets);
            length |= bytes[at++] << shift;
            if (at + length > bytes.Length)
                return (start, ackBytes, packets);
            if ((bytes[start] & 6) != 0)
            {
                var id = at + 2 + ((bytes[at] << 8) | bytes[at + 1]);
                (acks[ackBytes], acks[ackBytes + 1], acks[ackBytes + 2], acks[ackBytes + 3]) = (0x40, 2, bytes[id], bytes[id + 1]);
                ackBytes += 4;
                hear?.Invoke(bytes[(id + 2)..(at + length)]);
            }

            start = at + length;
            packets++;
        }
    }

    private static byte[] Field(ReadOnlySpan<byte> bytes) => [(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];

    private static byte[] Packet(byte first, ReadOnlySpan<byte> body)
    {
        var packet = new List<byte> { first };
        var length = body.Length;
        for (; length > 0x7F; length >>= 7)
            packet.Add((byte)(length | 0x80));
        packet.Add((byte)length);
        return [.. packet, .. body];
    }
}
