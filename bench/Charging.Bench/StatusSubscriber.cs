using System.Net.Sockets;

namespace Charging.Bench;

/// <summary>The one subscriber of the Mosquitto side: it counts every message, and acknowledges at QoS 1, and does nothing else.</summary>
internal static class StatusSubscriber
{
    private static long _received;

    public static async Task<int> RunAsync(int port, int qos)
    {
        var socket = await MqttBytes.ConnectAsync(port, "board", "bench");
        await socket.SendAsync(MqttBytes.Subscribe("piles/+/status"u8, qos));
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
            var (read, ackBytes, packets) = MqttBytes.Acknowledge(buffer.AsSpan(0, filled), acks);
            Volatile.Write(ref _received, _received + packets);
            buffer.AsSpan(read, filled - read).CopyTo(buffer);
            filled -= read;
            if (ackBytes > 0)
                await socket.SendAsync(acks.AsMemory(0, ackBytes));
        }
    }
}
