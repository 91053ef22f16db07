using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Charging.Device.V1;
using Google.Protobuf;
using MQTTnet;

namespace Charging.Bench;

/// <summary>A pile of ten plugs that does what it is told at once: as little work as can be for the load.</summary>
/// <param name="device">Its number.</param>
/// <param name="json">Whether it writes and reads JSON; else binary.</param>
internal sealed class BenchPile(string device, bool json = false) : IAsyncDisposable
{
    // As piles do (device protocol).
    private static readonly TimeSpan Resend = TimeSpan.FromSeconds(10);

    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly ConcurrentDictionary<uint, TaskCompletionSource> _unacknowledged = new();
    private readonly string _boot = Guid.NewGuid().ToString("N");
    private uint _eventId;

    /// <summary>Connects and reports ten plugs with a vehicle at each.</summary>
    public async Task ConnectAsync(int port, string secret)
    {
        _client.ApplicationMessageReceivedAsync += e => HandleAsync(Read(e.ApplicationMessage.Payload));
        await _client.ConnectAsync(new MqttClientOptionsBuilder()
            .WithTcpServer("127.0.0.1", port)
            .WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V311)
            .WithClientId(device)
            .WithCredentials(device, secret)
            .Build());
        await _client.SubscribeAsync($"piles/{device}/commands", MQTTnet.Protocol.MqttQualityOfServiceLevel.AtLeastOnce);
        var status = new PileStatus { ProtocolVersion = 1, BootId = _boot, ConnectionId = _boot, Seq = 1, Online = true };
        status.Plugs.AddRange(Enumerable.Range(1, 10).Select(n => new PlugStatus { Plug = (uint)n, State = PlugState.Connected }));
        await PublishAsync("status", status);
    }

    /// <summary>Ends a charge that has used all that was paid for, and waits until the server has the end on its disk.</summary>
    public Task EndAsync(string orderNo, uint plug) =>
        RaiseAsync(new PileEvent { ChargeEnded = new ChargeEnded { OrderNo = orderNo, Plug = plug, Seconds = 43_200, EnergyWh = 3, Reason = EndReason.LimitReached } });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _client.DisconnectAsync();
        _client.Dispose();
    }

    private async Task HandleAsync(Command command)
    {
        switch (command.KindCase)
        {
            case Command.KindOneofCase.StartCharge:
                await PublishAsync("results", new CommandResult { CommandId = command.CommandId, Outcome = CommandOutcome.Done });
                _ = RaiseAsync(new PileEvent { ChargeStarted = new ChargeStarted { OrderNo = command.StartCharge.OrderNo, Plug = command.StartCharge.Plug } });
                break;
            case Command.KindOneofCase.ReportStatus:
                await PublishAsync("results", new CommandResult { CommandId = command.CommandId, Outcome = CommandOutcome.Done });
                break;
            case Command.KindOneofCase.EventAck when _unacknowledged.TryRemove(command.EventAck.EventId, out var waiting):
                waiting.SetResult();
                break;
        }
    }

    private Command Read(ReadOnlySequence<byte> payload) =>
        json ? JsonParser.Default.Parse<Command>(Encoding.UTF8.GetString(payload)) : Command.Parser.ParseFrom(payload);

    private async Task RaiseAsync(PileEvent pileEvent)
    {
        var acknowledged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        pileEvent.EventId = Interlocked.Increment(ref _eventId);
        pileEvent.BootId = _boot;
        _unacknowledged[pileEvent.EventId] = acknowledged;
        do
            await PublishAsync("events", pileEvent);
        while (await Task.WhenAny(acknowledged.Task, Task.Delay(Resend)) != acknowledged.Task);
    }

    private Task PublishAsync(string topic, IMessage message) => _client.PublishAsync(new MqttApplicationMessage
    {
        Topic = $"piles/{device}/{topic}",
        PayloadSegment = json ? Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(message)) : message.ToByteArray(),
        QualityOfServiceLevel = MQTTnet.Protocol.MqttQualityOfServiceLevel.AtLeastOnce,
    });
}
