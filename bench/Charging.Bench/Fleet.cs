using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Charging.Device.V1;
using Google.Protobuf;

namespace Charging.Bench;

/// <summary>
/// Many piles in a process of their own, as cheap as piles can be: each connects with a last will, subscribes to its commands,
/// reports ten plugs when it connects and then every minute, spread evenly over it, and acknowledges what it is sent.
/// </summary>
internal static class Fleet
{
    /// <summary>How often each pile is heard.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(60);

    // As many as a broker meets when a base station comes back, and less than it lets wait.
    private const int AtOnce = 200;

    private static volatile FleetPile[] _piles = [];

    /// <summary>The process: reads the piles' secrets, and then up to how many of them are to be connected.</summary>
    public static async Task<int> RunAsync(int port)
    {
        var secrets = JsonSerializer.Deserialize<Dictionary<string, string>>((await Console.In.ReadLineAsync())!)!.ToArray();
        _ = Task.Run(BeatAsync);
        while (await Console.In.ReadLineAsync() is { } count)
        {
            foreach (var slice in secrets[_piles.Length..int.Parse(count, CultureInfo.InvariantCulture)].Chunk(AtOnce))
                _piles = [.. _piles, .. await Task.WhenAll(slice.Select(pile => FleetPile.ConnectAsync(port, pile.Key, pile.Value)))];
            Console.WriteLine(_piles.Length);
        }
        return 0;
    }

    private static async Task BeatAsync()
    {
        var began = Stopwatch.GetTimestamp();
        for (var (beat, sent) = (1, 0.0); ; await Task.Delay(10))
        {
            var piles = _piles;
            // The share of the fleet that is due by now.
            var due = Stopwatch.GetElapsedTime(began) / Heartbeat;
            for (; sent < due && piles.Length > 0; sent += 1.0 / piles.Length)
                await piles[beat++ % piles.Length].BeatAsync();
        }
    }
}

/// <summary>One of them.</summary>
internal sealed class FleetPile(Socket socket, string device)
{
    private uint _seq;

    /// <summary>Connects, subscribes and reports for the first time.</summary>
    public static async Task<FleetPile> ConnectAsync(int port, string device, string secret)
    {
        var will = new PileStatus { ProtocolVersion = 1, BootId = device, ConnectionId = device }.ToByteArray();
        var socket = await MqttBytes.ConnectAsync(port, device, secret, will, keepAliveSeconds: 120);
        var pile = new FleetPile(socket, device);
        _ = pile.ListenAsync();
        await socket.SendAsync(MqttBytes.Subscribe(Encoding.ASCII.GetBytes($"piles/{device}/commands"), qos: 1));
        await pile.BeatAsync();
        return pile;
    }

    /// <summary>Reports.</summary>
    public async Task BeatAsync()
    {
        var status = new PileStatus { ProtocolVersion = 1, BootId = device, ConnectionId = device, Seq = ++_seq, Online = true, Firmware = "2.4.1" };
        for (uint plug = 1; plug <= OrderLoad.PlugsOfAPile; plug++)
            status.Plugs.Add(new PlugStatus { Plug = plug, State = PlugState.Connected });
        await socket.SendAsync(MqttBytes.Publish(MqttBytes.StatusTopic(device), qos: 1, (ushort)(_seq % ushort.MaxValue + 1), status.ToByteArray()));
    }

    private async Task ListenAsync()
    {
        var (buffer, acks, filled) = (new byte[1024], new byte[1024], 0);
        while (true)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(filled));
            if (count == 0)
            {
                await Console.Error.WriteLineAsync($"The server has hung up on pile {device}.");
                return;
            }
            filled += count;
            var (read, ackBytes, _) = MqttBytes.Acknowledge(buffer.AsSpan(0, filled), acks);
            buffer.AsSpan(read, filled - read).CopyTo(buffer);
            filled -= read;
            if (ackBytes > 0)
                await socket.SendAsync(acks.AsMemory(0, ackBytes));
        }
    }
}
