using System.Net.Sockets;
using System.Text;
using Charging.Device.V1;
using Google.Protobuf;

namespace Charging.Bench;

/// <summary>
/// The load: piles on raw sockets that send statuses encoded beforehand, 32 at a time. At QoS 1 the next 32 go out when the
/// last are acknowledged; at QoS 0 as fast as the connection takes them.
/// </summary>
internal static class StatusLoad
{
    private const int Batch = 32;

    public static async Task<int> RunAsync(int port, int qos, bool json, int piles)
    {
        var sockets = new List<(Socket Socket, byte[] Statuses)>();
        for (var i = 0; i < piles; i++)
        {
            var device = $"B{i:D9}";
            sockets.Add((await MqttBytes.ConnectAsync(port, device, "bench"), Statuses(device, qos, json)));
        }

        var work = sockets.Select(pile => Task.Run(() => SendAsync(pile.Socket, pile.Statuses, qos))).ToArray();
        Console.WriteLine("ready");
        await Task.WhenAll(work);
        return 0;
    }

    private static async Task SendAsync(Socket socket, byte[] statuses, int qos)
    {
        var acks = new byte[Batch * 4];
        while (true)
        {
            for (var sent = 0; sent < statuses.Length;)
                sent += await socket.SendAsync(statuses.AsMemory(sent));
            for (var got = 0; qos == 1 && got < acks.Length;)
            {
                var count = await socket.ReceiveAsync(acks.AsMemory(got));
                got += count > 0 ? count : throw new InvalidOperationException("The broker hung up.");
            }
        }
    }

    private static byte[] Statuses(string device, int qos, bool json)
    {
        using var all = new MemoryStream();
        for (uint seq = 1; seq <= Batch; seq++)
        {
            var status = Status(seq);
            var payload = json ? Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(status)) : status.ToByteArray();
            all.Write(MqttBytes.Publish(MqttBytes.StatusTopic(device), qos, (ushort)seq, payload));
        }

        return all.ToArray();
    }

    // Ten plugs, three of them charging, as a pile in the evening reports.
    private static PileStatus Status(uint seq)
    {
        var status = new PileStatus { ProtocolVersion = 1, BootId = "7f3a9c21", ConnectionId = "c41d88e0", Seq = seq, Online = true, Firmware = "2.4.1" };
        for (uint plug = 1; plug <= 10; plug++)
        {
            status.Plugs.Add(plug % 3 == 0
                ? new PlugStatus { Plug = plug, State = PlugState.Charging, OrderNo = "201912040000000352", PowerW = 187, EnergyWh = 420, ElapsedSeconds = 8100 }
                : new PlugStatus { Plug = plug, State = PlugState.Idle });
        }

        return status;
    }
}
