using Charging.Device.V1;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Charging.MqttBroker;

/// <summary>
/// This node as a client of an external broker, for as long as it runs. Its session ends with its connection: what comes in
/// meanwhile goes to other nodes, and piles say again what was not answered (adr/0010).
/// </summary>
internal sealed class ExternalBroker(ExternalBrokerPlace place, ExternalPiles piles, PileMailbox mailbox, TimeProvider clock, ILogger<ExternalBroker> logger)
    : BackgroundService, IPileLink
{
    // Short, so that the broker soon gives the events to another node, and this one soon notices that it is cut off.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MinRetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    // Events and results that are being handled; a broker may allow less.
    private const ushort MaxUnacknowledged = 1000;
    private const uint MaxPacketBytes = Codec.MaxMessageBytes + 1024;

    private readonly KeepWatch _watch = new(mailbox);
    private volatile NodeConnection? _connection;
    private long _connectedAt;
    private volatile string? _trouble = $"The connection to the MQTT broker at {place.Url} is not made yet.";

    /// <inheritdoc/>
    public string? Trouble => _trouble ?? (_connection is { IsUp: true } ? null : $"The connection to the MQTT broker at {place.Url} has just been lost.");

    /// <inheritdoc/>
    public TimeSpan ConnectedFor => Volatile.Read(ref _connectedAt) is not 0 and var at ? clock.GetElapsedTime(at) : TimeSpan.MaxValue;

    /// <inheritdoc/>
    public async ValueTask<bool> SendAsync(DeviceNo device, Command command, CancellationToken cancellationToken = default) =>
        _connection is { } connection && await connection.SendAsync(Message(device, command), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisconnectAsync(DeviceNo device, CancellationToken cancellationToken = default) => default;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var pause = MinRetryDelay; !stoppingToken.IsCancellationRequested; pause = pause * 2 < MaxRetryDelay ? pause * 2 : MaxRetryDelay)
        {
            var (wasUp, reason) = await HoldAsync(stoppingToken);
            if (stoppingToken.IsCancellationRequested)
                return;
            if (wasUp || _trouble is null || !_trouble.EndsWith(reason, StringComparison.Ordinal))
                logger.BrokerLost(place.Url, reason);
            _trouble = $"Not connected to the MQTT broker at {place.Url}: {reason}";
            if (wasUp)
                pause = MinRetryDelay;
            // Not all nodes at the same instant.
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Connects, and serves the connection to its end.</summary>
    /// <returns>Whether it was ready once, and why it is no more.</returns>
    private async Task<(bool WasUp, string Reason)> HoldAsync(CancellationToken stop)
    {
        var channels = new NodeChannel.Factory(piles, clock);
        using var client = new MqttClientFactory().CreateMqttClient(MqttNetNullLogger.Instance, channels);
        var lost = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.DisconnectedAsync += e =>
        {
            lost.TrySetResult(e.Exception?.GetBaseException().Message ?? $"the broker hung up ({e.Reason})");
            return Task.CompletedTask;
        };
        try
        {
            var connection = await ConnectAsync(client, channels, reason => lost.TrySetResult(reason), stop);
            await connection.SubscribeAsync(_watch.Keeps ? [Topics.OfOneNode, .. Topics.OfEveryNode] : Topics.OfEveryNode, stop);
            logger.BrokerFound(place.Url, place.NodeId);
            _trouble = null;
            return (true, await ServeAsync(connection, lost.Task, stop));
        }
        catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            return (false, e.GetBaseException().Message);
        }
        catch (OperationCanceledException)
        {
            // Said goodbye, the broker gives the events to other nodes at once.
            await client.TryDisconnectAsync();
            return (true, "the server stops");
        }
        finally
        {
            _connection = null;
        }
    }

    private async Task<NodeConnection> ConnectAsync(IMqttClient client, NodeChannel.Factory channels, Action<string> lost, CancellationToken stop)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stop);
        timeout.CancelAfter(Timeout);
        var connected = await client.ConnectAsync(Options(), timeout.Token);
        if (connected.ResultCode != MqttClientConnectResultCode.Success)
            throw new IOException($"the broker refuses it: {connected.ResultCode}");
        Volatile.Write(ref _connectedAt, clock.GetTimestamp());
        var window = connected.ReceiveMaximum is > 0 and < MaxUnacknowledged and var limit ? limit : MaxUnacknowledged;
        // Before the subscriptions: the first statuses count, and are answered.
        return _connection = new NodeConnection(client, channels.Channel!, window, Timeout, lost, clock);
    }

    /// <summary>Serves the connection to its end, and leaves events to other nodes while this one cannot keep them.</summary>
    /// <returns>Why it has ended.</returns>
    private async Task<string> ServeAsync(NodeConnection connection, Task<string> lost, CancellationToken stop)
    {
        while (await Task.WhenAny(lost, Task.Delay(WatchInterval, stop)) != lost)
        {
            stop.ThrowIfCancellationRequested();
            if (!_watch.Look())
                continue;
            if (_watch.Keeps)
            {
                logger.EventsTaken();
                await connection.SubscribeAsync([Topics.OfOneNode], stop);
            }
            else
            {
                logger.EventsLeft(_watch.Fault);
                await connection.UnsubscribeAsync(Topics.OfOneNode, stop);
            }
        }
        return await lost;
    }

    private MqttClientOptions Options()
    {
        var builder = new MqttClientOptionsBuilder()
            .WithTcpServer(place.Url.IdnHost, place.Port)
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithClientId(place.NodeId)
            .WithCredentials(place.Username, place.Password)
            .WithCleanStart()
            .WithSessionExpiryInterval(0)
            .WithKeepAlivePeriod(KeepAlive)
            .WithTimeout(Timeout)
            .WithReceiveMaximum(MaxUnacknowledged)
            .WithMaximumPacketSize(MaxPacketBytes);
        if (place.IsTls)
        {
            builder.WithTlsOptions(tls =>
            {
                tls.UseTls();
                if (place.Authorities is { } authorities)
                    tls.WithTrustChain(authorities);
            });
        }

        return builder.Build();
    }

    private MqttApplicationMessage Message(DeviceNo device, Command command) => new()
    {
        Topic = new Topics(device).Commands,
        PayloadSegment = Codec.Write(command, piles.FormOf(device)),
        QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        MessageExpiryInterval = Lifetime(command),
    };

    // The pile judges by its own clock; the broker need not keep what is too old by any.
    private static uint Lifetime(Command command) =>
        command is { IssuedAt: { } from, ExpiresAt: { } to } && to.Seconds > from.Seconds ? (uint)(to.Seconds - from.Seconds) : 0;
}
