using System.Buffers;
using System.Collections.Concurrent;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Piles;
using Google.Protobuf;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Charging.Testing;

/// <summary>A pile that says what a test wants, and does nothing by itself.</summary>
public sealed class RawPile : IAsyncDisposable
{
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly ConcurrentQueue<Command> _received = new();
    private readonly DeviceNo _device;
    private uint _seq;

    private RawPile(DeviceNo device) => _device = device;

    /// <summary>The device number.</summary>
    public string Device => _device.ToString();

    /// <summary>Boot of the statuses.</summary>
    public string BootId { get; set; } = "boot-1";

    /// <summary>Connection of the statuses.</summary>
    public string ConnectionId { get; } = Guid.NewGuid().ToString();

    /// <summary>Whether the broker still holds the connection.</summary>
    public bool IsConnected => _client.IsConnected;

    /// <summary>Every command so far, oldest first.</summary>
    public IReadOnlyCollection<Command> Received => _received;

    /// <summary>Registers a pile.</summary>
    /// <returns>Its secret.</returns>
    public static Task<string> RegisterAsync(ChargingApp app, string device, int plugs = 10, PlugNumbers numbers = PlugNumbers.Decimal) =>
        app.RegisterPileAsync(device, plugs, numbers);

    /// <summary>Registers a pile, connects it, reports its plugs as free, and waits until it was told the time.</summary>
    public static async Task<RawPile> OpenAsync(ChargingApp app, int plugs = 10, PlugNumbers numbers = PlugNumbers.Decimal)
    {
        var device = ChargingApp.NewDeviceNo();
        var pile = await ConnectAsync(app, device, await RegisterAsync(app, device, plugs, numbers));
        await pile.ReportAsync([.. Enumerable.Range(1, plugs).Select(n => new PlugStatus { Plug = (uint)n, State = PlugState.Connected })]);
        await pile.HearAsync(command => command.SetTime is not null);
        return pile;
    }

    /// <summary>Connects and subscribes, and says nothing yet. Its will says that it is gone.</summary>
    public static async Task<RawPile> ConnectAsync(ChargingApp app, string device, string secret)
    {
        var pile = await ConnectDeafAsync(app, device, secret);
        await pile.SubscribeAsync();
        return pile;
    }

    /// <summary>Connects and does not subscribe.</summary>
    public static async Task<RawPile> ConnectDeafAsync(ChargingApp app, string device, string secret)
    {
        var pile = new RawPile(DeviceNo.Parse(device));
        pile._client.ApplicationMessageReceivedAsync += e =>
        {
            if (Codec.TryRead(Command.Parser, e.ApplicationMessage.Payload.ToArray(), out var command))
                pile._received.Enqueue(command);
            return Task.CompletedTask;
        };
        var will = new PileStatus { BootId = pile.BootId, ConnectionId = pile.ConnectionId, ProtocolVersion = 1 };
        await pile._client.ConnectAsync(new MqttClientOptionsBuilder()
            .WithTcpServer("127.0.0.1", app.PilePort)
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithClientId(device).WithCredentials(device, secret).WithCleanSession()
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(300))
            .WithWillTopic($"piles/{device}/status").WithWillPayload(will.ToByteArray())
            .WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).WithWillRetain()
            .Build());
        return pile;
    }

    /// <summary>Listens to commands from now on.</summary>
    public Task SubscribeAsync() => _client.SubscribeAsync($"piles/{_device}/commands", MqttQualityOfServiceLevel.AtLeastOnce);

    /// <summary>Sends a status with these plugs and the next number.</summary>
    public Task ReportAsync(params PlugStatus[] plugs) => ReportAsync(++_seq, plugs);

    /// <summary>Sends a status with these plugs and a number.</summary>
    public Task ReportAsync(uint seq, params PlugStatus[] plugs)
    {
        _seq = seq;
        return SendAsync(new PileStatus
        {
            ProtocolVersion = 1,
            BootId = BootId,
            ConnectionId = ConnectionId,
            Online = true,
            Seq = seq,
            Plugs = { plugs },
        });
    }

    /// <summary>Sends a message on its topic; done when the broker has taken it.</summary>
    public Task SendAsync(IMessage message) => SendAsync(LeafOf(message), message.ToByteArray());

    /// <summary>Sends bytes on one of the pile's topics.</summary>
    public Task SendAsync(string leaf, byte[] payload) => _client.PublishAsync(new MqttApplicationMessage
    {
        Topic = $"piles/{_device}/{leaf}",
        PayloadSegment = payload,
        QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        Retain = leaf == "status",
    });

    /// <summary>Sends an event with this boot's id.</summary>
    public Task RaiseAsync(uint eventId, Action<PileEvent> fill)
    {
        var raised = new PileEvent { EventId = eventId, BootId = BootId };
        fill(raised);
        return SendAsync(raised);
    }

    /// <summary>Waits for so many acknowledgements of an event.</summary>
    public Task AckedAsync(uint eventId, int times = 1) => Retry.Until(
        $"event {eventId} was acknowledged {times} times",
        () => Received.Count(command => command.EventAck?.EventId == eventId) >= times);

    /// <summary>Waits for a command.</summary>
    public async Task<Command> HearAsync(Func<Command, bool> fits)
    {
        Command? found = null;
        await Retry.Until($"{Device} hears the command", () => (found = Received.FirstOrDefault(fits)) is not null);
        return found!;
    }

    /// <summary>Answers a command.</summary>
    public Task AnswerAsync(Command command, RejectReason rejected = RejectReason.Unspecified) => SendAsync(new CommandResult
    {
        CommandId = command.CommandId,
        Outcome = rejected == RejectReason.Unspecified ? CommandOutcome.Done : CommandOutcome.Rejected,
        Reason = rejected,
    });

    /// <summary>Says goodbye, so that the broker publishes no will.</summary>
    public Task GoAsync() => _client.DisconnectAsync();

    /// <summary>Drops the connection without DISCONNECT.</summary>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string LeafOf(IMessage message) => message switch
    {
        PileStatus => "status",
        PileEvent => "events",
        PileTelemetry => "telemetry",
        CommandResult => "results",
        _ => throw new ArgumentException($"Piles do not send {message.Descriptor.Name}.", nameof(message)),
    };
}
