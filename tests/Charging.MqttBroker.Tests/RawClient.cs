using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Charging.MqttBroker.Tests;

/// <summary>A client that says whatever bytes a test wants.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private readonly TcpClient _tcp;
    private readonly NetworkStream _stream;

    private RawClient(TcpClient tcp) => (_tcp, _stream) = (tcp, tcp.GetStream());

    /// <summary>A client that has said nothing yet.</summary>
    /// <param name="port">The broker's.</param>
    /// <param name="from">Its own address, of 127.0.0.0/8.</param>
    public static async Task<RawClient> OpenAsync(int port, IPAddress? from = null)
    {
        var tcp = new TcpClient(new IPEndPoint(from ?? IPAddress.Loopback, 0)) { NoDelay = true, ReceiveBufferSize = 64 * 1024 };
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        return new RawClient(tcp);
    }

    /// <summary>A client that has connected as a pile and has been let in.</summary>
    public static async Task<RawClient> ConnectAsync(int port, DeviceNo device)
    {
        var client = await OpenAsync(port);
        await client.SendAsync(Packets.Connect(device));
        var answer = await client.ReadAsync(4);
        Assert.Equal(Packets.Accepted, answer);
        return client;
    }

    public async Task SendAsync(byte[] bytes)
    {
        using var patience = new CancellationTokenSource(Until.Patience);
        await _stream.WriteAsync(bytes, patience.Token);
    }

    /// <summary>Reads exactly so many bytes; fewer when the server hangs up first.</summary>
    public async Task<byte[]> ReadAsync(int count)
    {
        using var patience = new CancellationTokenSource(Until.Patience);
        var bytes = new byte[count];
        try
        {
            var read = await _stream.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false, patience.Token);
            return bytes[..read];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>Reads one packet: its first byte and its body; null when the server hangs up.</summary>
    public async Task<(byte Header, byte[] Body)?> ReadPacketAsync()
    {
        var header = await ReadAsync(1);
        var length = 0;
        for (var shift = 0; header.Length == 1; shift += 7)
        {
            var digit = await ReadAsync(1);
            if (digit.Length == 0)
                return null;
            length |= (digit[0] & 0x7F) << shift;
            if (digit[0] < 0x80)
                return (header[0], await ReadAsync(length));
        }

        return null;
    }

    /// <summary>Reads on to the next PUBLISH.</summary>
    public async Task<(string Topic, ushort PacketId, byte[] Payload)> ReadPublishAsync()
    {
        while (await ReadPacketAsync() is var (header, body))
        {
            if (header >> 4 != 3)
                continue;
            var topicEnd = 2 + ((body[0] << 8) | body[1]);
            var hasId = (header & 6) != 0;
            var id = hasId ? (ushort)((body[topicEnd] << 8) | body[topicEnd + 1]) : (ushort)0;
            return (Encoding.UTF8.GetString(body[2..topicEnd]), id, body[(topicEnd + (hasId ? 2 : 0))..]);
        }

        throw new IOException("The broker hung up.");
    }

    /// <summary>Reads on to the next command, acknowledges it, and returns its payload.</summary>
    public async Task<byte[]> ReadCommandAsync()
    {
        var (topic, id, payload) = await ReadPublishAsync();
        Assert.EndsWith("/commands", topic);
        if (id != 0)
            await SendAsync(Packets.Ack(id));
        return payload;
    }

    /// <summary>Waits until the server hangs up, and returns what it said before.</summary>
    /// <param name="why">Why it must, for the failure.</param>
    public async Task<byte[]> ReadToEndAsync(string why = "the server must hang up")
    {
        using var patience = new CancellationTokenSource(Until.Patience);
        using var said = new MemoryStream();
        try
        {
            await _stream.CopyToAsync(said, patience.Token);
        }
        catch (IOException)
        {
            // A reset is an end too.
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The server did not hang up, but said {Convert.ToHexString(said.ToArray())}: {why}.");
        }

        return said.ToArray();
    }

    /// <summary>Whether the server still answers: a ping comes back.</summary>
    public async Task<bool> AnswersAsync()
    {
        try
        {
            await SendAsync(Packets.Ping);
            while (await ReadPacketAsync() is { } packet)
            {
                if (packet.Header == 0xD0)
                    return true;
            }
        }
        catch (IOException)
        {
            // The server hung up.
        }

        return false;
    }

    /// <summary>The topics of what comes before the answer to a ping; nothing comes from a server that has hung up.</summary>
    public async Task<IReadOnlyList<string>> HeardBeforePongAsync()
    {
        var topics = new List<string>();
        try
        {
            await SendAsync(Packets.Ping);
            while (await ReadPacketAsync() is var (header, body) && header != 0xD0)
            {
                if (header >> 4 == 3)
                    topics.Add(Encoding.UTF8.GetString(body, 2, (body[0] << 8) | body[1]));
            }
        }
        catch (IOException)
        {
            // The server hung up.
        }

        return topics;
    }

    /// <summary>Drops the connection without a DISCONNECT.</summary>
    public ValueTask DisposeAsync()
    {
        _tcp.Client.LingerState = new LingerOption(true, 0);
        _tcp.Dispose();
        return ValueTask.CompletedTask;
    }
}
