using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Charging.Device.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MQTTnet;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Charging.PileSimulator.Tests;

/// <summary>
/// A broker with the least of a server behind it: sets the time at the first status of a connection and
/// acknowledges events, both unless it is told not to. Keeps what piles say, in order.
/// </summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly MqttServer _broker;
    private readonly MqttServerOptions _options;
    private readonly Lock _lock = new();
    private readonly List<(string DeviceNo, IMessage Message)> _said = [];
    private readonly ConcurrentDictionary<string, bool> _greeted = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _commands;

    public TestServer()
    {
        _options = new MqttServerOptionsBuilder()
            .WithDefaultEndpoint()
            .WithDefaultEndpointBoundIPAddress(IPAddress.Loopback)
            .WithDefaultEndpointBoundIPV6Address(IPAddress.None)
            .WithDefaultEndpointPort(0)
            .Build();
        _broker = new MqttServerFactory().CreateMqttServer(_options);
        _broker.ValidatingConnectionAsync += e =>
        {
            if (e.UserName != e.ClientId || e.Password != "secret") e.ReasonCode = MqttConnectReasonCode.BadUserNameOrPassword;
            return Task.CompletedTask;
        };
        _broker.InterceptingPublishAsync += TakeAsync;
    }

    public int Port => _options.DefaultEndpointOptions.Port;

    public bool SetsTime { get; init; } = true;

    public bool AcksEvents { get; set; } = true;

    /// <summary>The server's clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether messages came as JSON, in their order.</summary>
    public ConcurrentQueue<bool> WereJson { get; } = new();

    public static async Task<TestServer> StartAsync(TestServer? server = null)
    {
        server ??= new TestServer();
        await server._broker.StartAsync();
        return server;
    }

    public Task StopAsync() => _broker.StopAsync();

    public SimulatedPile NewPile(Func<SimulatedPileOptions, SimulatedPileOptions>? with = null, PileMemory? memory = null)
    {
        var options = new SimulatedPileOptions { Port = Port, DeviceNo = "014441AC53", Secret = "secret", PlugCount = 3 };
        return new SimulatedPile(with?.Invoke(options) ?? options, memory);
    }

    /// <summary>A pile that is connected and knows the time.</summary>
    public async Task<SimulatedPile> ConnectedPileAsync(Func<SimulatedPileOptions, SimulatedPileOptions>? with = null, PileMemory? memory = null)
    {
        var pile = NewPile(with, memory);
        await pile.StartAsync();
        if (SetsTime) await pile.WaitUntilAsync("the clock is set", it => it.IsClockSet);
        return pile;
    }

    public IReadOnlyList<T> Said<T>() where T : IMessage
    {
        lock (_lock) return [.. _said.Select(said => said.Message).OfType<T>()];
    }

    /// <summary>Everything that piles said, in order.</summary>
    public IReadOnlyList<IMessage> Said()
    {
        lock (_lock) return [.. _said.Select(said => said.Message)];
    }

    public async Task<T> HearsAsync<T>(Func<T, bool> fits) where T : IMessage
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(8));
        while (true)
        {
            var more = Volatile.Read(ref _more).Task;
            if (Said<T>().FirstOrDefault(fits) is { } found) return found;
            await more.WaitAsync(deadline.Token);
        }
    }

    public Task<PileStatus> HearsStatusAsync(uint plug, PlugState state) =>
        HearsAsync<PileStatus>(status => status.Plugs.Any(it => it.Plug == plug && it.State == state));

    public Task<PileEvent> HearsEndAsync(string orderNo) => HearsAsync<PileEvent>(it => it.ChargeEnded?.OrderNo == orderNo);

    public Task<CommandResult> StartAsync(SimulatedPile pile, string orderNo, uint plug = 1, uint maxSeconds = 3600, uint maxEnergyWh = 0, uint maxPowerW = 0) =>
        AskAsync(pile, new Command
        {
            StartCharge = new StartCharge { OrderNo = orderNo, Plug = plug, MaxSeconds = maxSeconds, MaxEnergyWh = maxEnergyWh, MaxPowerW = maxPowerW },
        });

    public Task<CommandResult> StopAsync(SimulatedPile pile, string orderNo, uint plug = 1) =>
        AskAsync(pile, new Command { StopCharge = new StopCharge { OrderNo = orderNo, Plug = plug } });

    /// <summary>Sends the command and waits for its result.</summary>
    public async Task<CommandResult> AskAsync(SimulatedPile pile, Command command)
    {
        await SendAsync(pile.Options.DeviceNo, command, pile.Options.Encoding);
        return await HearsAsync<CommandResult>(result => result.CommandId == command.CommandId);
    }

    /// <summary>Sends a command, with a new id unless it has one.</summary>
    public Task SendAsync(string deviceNo, Command command, PileEncoding encoding = PileEncoding.Json)
    {
        if (command.CommandId.Length == 0) command.CommandId = $"c{Interlocked.Increment(ref _commands)}";
        command.ExpiresAt ??= Time.GetUtcNow().AddSeconds(30).ToTimestamp();
        return _broker.InjectApplicationMessage(new InjectedMqttApplicationMessage(new MqttApplicationMessage
        {
            Topic = $"piles/{deviceNo}/commands",
            PayloadSegment = encoding == PileEncoding.Json
                ? Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(command))
                : command.ToByteArray(),
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        })
        { SenderClientId = "server" });
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.StopAsync();
        _broker.Dispose();
    }

    private async Task TakeAsync(InterceptingPublishEventArgs e)
    {
        if (e.ClientId == "server") return;
        var (deviceNo, leaf) = e.ApplicationMessage.Topic.Split('/') is ["piles", var first, var second] ? (first, second) : ("", "");
        var payload = e.ApplicationMessage.Payload.ToArray();
        var json = payload[0] == '{';
        WereJson.Enqueue(json);
        IMessage message = leaf switch
        {
            "status" => Read(PileStatus.Parser, payload, json),
            "events" => Read(PileEvent.Parser, payload, json),
            "telemetry" => Read(PileTelemetry.Parser, payload, json),
            _ => Read(CommandResult.Parser, payload, json),
        };
        lock (_lock) _said.Add((deviceNo, message));
        Interlocked.Exchange(ref _more, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        await ReactAsync(deviceNo, message, json ? PileEncoding.Json : PileEncoding.Binary);
    }

    private async Task ReactAsync(string deviceNo, IMessage message, PileEncoding encoding)
    {
        if (message is PileStatus { Online: true } status && SetsTime && _greeted.TryAdd(status.ConnectionId, true))
            await SendAsync(deviceNo, new Command { SetTime = new SetTime { Now = Time.GetUtcNow().ToTimestamp() } }, encoding);
        if (message is PileEvent { EventId: var eventId } && AcksEvents)
            await SendAsync(deviceNo, new Command { EventAck = new EventAck { EventId = eventId } }, encoding);
    }

    private static T Read<T>(MessageParser<T> parser, byte[] payload, bool json) where T : IMessage<T> =>
        json ? parser.ParseJson(Encoding.UTF8.GetString(payload)) : parser.ParseFrom(payload);
}
