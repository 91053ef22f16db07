using System.Net.Sockets;

namespace Charging.Bench;

/// <summary>The one subscriber of the Mosquitto side: it counts every message, and acknowledges at QoS 1, and does nothing else.</summary>
internal static class StatusSubscriber
{
    private static long _received;

    public static async Task<int> RunAsync(int port, int qos)
    {
        var socket = await StatusLoad.ConnectAsync(port, "board", "bench");
        byte[] body = [0, 1, .. StatusLoad.Field("piles/+/status"u8), (byte)qos];
        await socket.SendAsync((byte[])[0x82, (byte)body.Length, .. body]);
        await socket.ReceiveAsync(new byte[5]);
        Console.WriteLine("ready");
        _ = Task.Run(() => ReceiveAsync(socket));
        while (Console.ReadLine() is not null)
            Console.WriteLine(Volatile.Read(ref _received));
        return 0;
    }

    private static async Task ReceiveAsync(Socket socket)
    {
        var buffer = new byte[256 * 1024];
        var acks = new byte[buffer.Length];
        var filled = 0;
        while (true)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(filled));
            if (count == 0)
                return;
            filled += count;
            var (read, ackBytes) = Count(buffer.AsSpan(0, filled), acks);
            buffer.AsSpan(read, filled - read).CopyTo(buffer);
            filled -= read;
            if (ackBytes > 0)
                await socket.SendAsync(acks.AsMemory(0, ackBytes));
        }
    }

    private static (int Read, int AckBytes) Count(ReadOnlySpan<byte> bytes, Span<byte> acks)
    {
        var (start, ackBytes) = (0, 0);
        while (true)
        {
            var (at, length, shift) = (start + 1, 0, 0);
            while (at < bytes.Length && bytes[at] > 0x7F)
            {
                length |= (bytes[at++] & 0x7F) << shift;
                shift += 7;
            }

            if (at >= bytes.Length)
                return (start, ackBytes);
            length |= bytes[at++] << shift;
            if (at + length > bytes.Length)
                return (start, ackBytes);
            if ((bytes[start] & 6) != 0)
            {
                var id = at + 2 + ((bytes[at] << 8) | bytes[at + 1]);
                (acks[ackBytes], acks[ackBytes + 1], acks[ackBytes + 2], acks[ackBytes + 3]) = (0x40, 2, bytes[id], bytes[id + 1]);
                ackBytes += 4;
            }

            start = at + length;
            _received++;
        }
    }
}
