using System.Net;
using System.Net.Sockets;

namespace Charging.MqttBroker.Tests;

/// <summary>An external broker for one node that answers as a test wants, and counts what it could send.</summary>
internal sealed class FakeBroker : IAsyncDisposable
{
    private const byte Subscribe = 0x82;
    private const byte PingRequest = 0xC0;
    private static readonly byte[] Connected = [0x20, 0x03, 0x00, 0x00, 0x00];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource<Socket> _node = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private long _bytesSent;
    private int _pings;

    private FakeBroker()
    {
        _listener.Start();
        _running = Task.Run(ServeAsync);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Pings of the node; none is answered.</summary>
    public int Pings => Volatile.Read(ref _pings);

    /// <summary>Bytes of messages that the node, or the system between, has taken.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>Subscriptions are answered when this has ended.</summary>
    public Task MayAnswer { get; set; } = Task.CompletedTask;

    public static FakeBroker Start() => new();

    /// <summary>Sends a message at most once, by MQTT 5. It waits until the node takes it.</summary>
    public async Task PublishAsync(string topic, byte[] payload)
    {
        var node = await _node.Task;
        var packet = Packets.Packet(0x30, [.. Packets.Field(Packets.Utf8(topic)), 0, .. payload]);
        for (var sent = 0; sent < packet.Length;)
        {
            var length = await node.SendAsync(packet.AsMemory(sent));
            sent += length;
            Interlocked.Add(ref _bytesSent, length);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        if (_node.Task.IsCompletedSuccessfully)
            _node.Task.Result.Dispose();
        await _running;
    }

    private async Task ServeAsync()
    {
        try
        {
            var node = await _listener.AcceptSocketAsync();
            await using var stream = new NetworkStream(node);
            while (await ReadPacketAsync(stream) is var (header, body))
            {
                if (header == 0x10)
                {
                    await stream.WriteAsync(Connected);
                    _node.SetResult(node);
                }
                else if (header == Subscribe)
                    _ = AcknowledgeAsync(stream, body);
                else if (header == PingRequest)
                    Interlocked.Increment(ref _pings);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AcknowledgeAsync(Stream stream, byte[] body)
    {
        await MayAnswer;
        // Packet id, no properties, and "granted" for each filter of the first subscription.
        await stream.WriteAsync(Packets.Packet(0x90, [body[0], body[1], 0, 1, 0, 0, 1]));
    }

    private static async Task<(byte Header, byte[] Body)?> ReadPacketAsync(Stream stream)
    {
        var one = new byte[1];
        if (await stream.ReadAsync(one) == 0)
            return null;
        var (header, length) = (one[0], 0);
        for (var shift = 0; ; shift += 7)
        {
            await stream.ReadExactlyAsync(one);
            length |= (one[0] & 0x7F) << shift;
            if (one[0] < 0x80)
                break;
        }
        var body = new byte[length];
        await stream.ReadExactlyAsync(body);
        return (header, body);
    }
}
