using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Charging.Device.V1;
using Google.Protobuf;

namespace Charging.Bench;

/// <summary>A pile of ten plugs that does what it is told at once: as little work as can be for the load.</summary>
/// <param name="device">Its number.</param>
/// <param name="json">Whether it writes and reads JSON; else binary.</param>
internal sealed class BenchPile(string device, bool json = false) : IDisposable
{
    // As piles do (device protocol).
    private static readonly TimeSpan Resend = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PingPeriod = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<uint, TaskCompletionSource> _unacknowledged = new();
    private readonly string _boot = Guid.NewGuid().ToString("N");
    private readonly Lock _sending = new();
    private Socket? _socket;
    private Timer? _ping;
    private uint _eventId;
    private ushort _packetId;

    /// <summary>Connects and reports ten plugs with a vehicle at each.</summary>
    public async Task ConnectAsync(int port, string secret)
    {
        _socket = await MqttBytes.ConnectAsync(port, device, secret, keepAliveSeconds: 120);
        _ = ListenAsync(_socket);
        Send(MqttBytes.Subscribe(Encoding.ASCII.GetBytes($"piles/{device}/commands"), qos: 1));
        _ping = new Timer(_ => Send(MqttBytes.Ping), null, PingPeriod, PingPeriod);
        var status = new PileStatus { ProtocolVersion = 1, BootId = _boot, ConnectionId = _boot, Seq = 1, Online = true };
        status.Plugs.AddRange(Enumerable.Range(1, OrderLoad.PlugsOfAPile).Select(n => new PlugStatus { Plug = (uint)n, State = PlugState.Connected }));
        Publish("status", status);
    }

    /// <summary>Ends a charge that has used all that was paid for, and waits until the server has the end on its disk.</summary>
    public Task EndAsync(string orderNo, uint plug) =>
        RaiseAsync(new PileEvent { ChargeEnded = new ChargeEnded { OrderNo = orderNo, Plug = plug, Seconds = 60, EnergyWh = 3, Reason = EndReason.LimitReached } });

    /// <inheritdoc/>
    public void Dispose()
    {
        _ping?.Dispose();
        _socket?.Dispose();
    }

    private async Task ListenAsync(Socket socket)
    {
        var (buffer, acks, filled) = (new byte[4096], new byte[4096], 0);
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(filled)) is > 0 and var count)
            {
                filled += count;
                var (read, ackBytes, _) = MqttBytes.Acknowledge(buffer.AsSpan(0, filled), acks, payload => Handle(Read(payload)));
                buffer.AsSpan(read, filled - read).CopyTo(buffer);
                filled -= read;
                if (ackBytes > 0)
                    Send(acks.AsSpan(0, ackBytes));
            }
            await Console.Error.WriteLineAsync($"The server has hung up on pile {device}.");
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The load is over.
        }
    }

    private void Handle(Command command)
    {
        switch (command.KindCase)
        {
            case Command.KindOneofCase.StartCharge:
                Publish("results", new CommandResult { CommandId = command.CommandId, Outcome = CommandOutcome.Done });
                _ = RaiseAsync(new PileEvent { ChargeStarted = new ChargeStarted { OrderNo = command.StartCharge.OrderNo, Plug = command.StartCharge.Plug } });
                break;
            case Command.KindOneofCase.ReportStatus:
                Publish("results", new CommandResult { CommandId = command.CommandId, Outcome = CommandOutcome.Done });
                break;
            case Command.KindOneofCase.EventAck when _unacknowledged.TryRemove(command.EventAck.EventId, out var waiting):
                waiting.SetResult();
                break;
        }
    }

    private Command Read(ReadOnlySpan<byte> payload) =>
        json ? JsonParser.Default.Parse<Command>(Encoding.UTF8.GetString(payload)) : Command.Parser.ParseFrom(payload);

    private async Task RaiseAsync(PileEvent pileEvent)
    {
        var acknowledged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        pileEvent.EventId = Interlocked.Increment(ref _eventId);
        pileEvent.BootId = _boot;
        _unacknowledged[pileEvent.EventId] = acknowledged;
        do
            Publish("events", pileEvent);
        while (await Task.WhenAny(acknowledged.Task, Task.Delay(Resend)) != acknowledged.Task);
    }

    private void Publish(string topic, IMessage message)
    {
        var payload = json ? Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(message)) : message.ToByteArray();
        lock (_sending)
        {
            // 0 is not a packet's number.
            _packetId = (ushort)(_packetId % ushort.MaxValue + 1);
            Send(MqttBytes.Publish(Encoding.ASCII.GetBytes($"piles/{device}/{topic}"), qos: 1, _packetId, payload));
        }
    }

    private void Send(ReadOnlySpan<byte> packet)
    {
        lock (_sending)
            _socket!.Send(packet);
    }
}
