using Charging.Device.V1;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Exceptions;
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
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    // Events and results that are being handled; a broker may allow less.
    private const ushort MostUnacknowledged = 1000;
    private const uint LargestPacket = Codec.MaxMessageBytes + 1024;

    private readonly KeepWatch _watch = new(mailbox);
    private volatile Line? _line;
    private long _foundTicks;
    private volatile string? _trouble = $"The connection to the MQTT broker at {place.Url} is not made yet.";

    /// <inheritdoc/>
    public string? Trouble => _trouble ?? (_line is { IsUp: true } ? null : $"The connection to the MQTT broker at {place.Url} has just been lost.");

    /// <inheritdoc/>
    public DateTimeOffset FoundAt => new(Volatile.Read(ref _foundTicks), TimeSpan.Zero);

    /// <inheritdoc/>
    public async ValueTask<bool> SendAsync(DeviceNo device, Command command, CancellationToken cancellationToken = default) =>
        _line is { } line && await line.SendAsync(Message(device, command), Patience, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisconnectAsync(DeviceNo device, CancellationToken cancellationToken = default) => default;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var pause = ShortestPause; !stoppingToken.IsCancellationRequested; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var (wasUp, reason) = await HoldAsync(stoppingToken);
            if (stoppingToken.IsCancellationRequested)
                return;
            if (wasUp || _trouble is null || !_trouble.EndsWith(reason, StringComparison.Ordinal))
                logger.BrokerLost(place.Url, reason);
            _trouble = $"Not connected to the MQTT broker at {place.Url}: {reason}";
            if (wasUp)
                pause = ShortestPause;
            // Not all nodes at the same instant.
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Connects, and serves the connection to its end.</summary>
    /// <returns>Whether it was ready once, and why it is no more.</returns>
    private async Task<(bool WasUp, string Reason)> HoldAsync(CancellationToken stop)
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        var lost = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.DisconnectedAsync += e =>
        {
            lost.TrySetResult(e.Exception?.GetBaseException().Message ?? $"the broker hung up ({e.Reason})");
            return Task.CompletedTask;
        };
        client.ApplicationMessageReceivedAsync += piles.ReceiveAsync;
        try
        {
            await OpenAsync(client, () => lost.TrySetResult("the broker does not answer"), stop);
            logger.BrokerFound(place.Url, place.NodeId);
            _trouble = null;
            return (true, await ServeAsync(client, lost.Task, stop));
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
            _line = null;
        }
    }

    private async Task OpenAsync(IMqttClient client, Action isDead, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        var connected = await client.ConnectAsync(Options(), patience.Token);
        if (connected.ResultCode != MqttClientConnectResultCode.Success)
            throw new IOException($"the broker refuses it: {connected.ResultCode}");
        // Before the subscriptions: the first statuses count, and are answered.
        Volatile.Write(ref _foundTicks, clock.GetUtcNow().UtcTicks);
        _line = new Line(client, isDead, connected.ReceiveMaximum is > 0 and < MostUnacknowledged and var most ? most : MostUnacknowledged);
        await SubscribeAsync(client, _watch.Keeps ? [Topics.OfOneNode, .. Topics.OfEveryNode] : Topics.OfEveryNode, patience.Token);
    }

    /// <summary>Serves the connection to its end, and leaves events to other nodes while this one cannot keep them.</summary>
    /// <returns>Why it has ended.</returns>
    private async Task<string> ServeAsync(IMqttClient client, Task<string> lost, CancellationToken stop)
    {
        while (await Task.WhenAny(lost, Task.Delay(LookEvery, stop)) != lost)
        {
            stop.ThrowIfCancellationRequested();
            if (!_watch.Look())
                continue;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patience.CancelAfter(Patience);
            if (_watch.Keeps)
            {
                logger.EventsTaken();
                await SubscribeAsync(client, [Topics.OfOneNode], patience.Token);
            }
            else
            {
                logger.EventsLeft(_watch.Fault);
                await client.UnsubscribeAsync(Topics.OfOneNode, patience.Token);
            }
        }
        return await lost;
    }

    /// <summary>
    /// Statuses at most once: they are said again every minute, a gap is noticed, and so they never wait behind events that
    /// wait for the store.
    /// </summary>
    private static async Task SubscribeAsync(IMqttClient client, IReadOnlyList<string> filters, CancellationToken cancellationToken)
    {
        var builder = new MqttClientSubscribeOptionsBuilder();
        foreach (var filter in filters)
            builder.WithTopicFilter(filter, Topics.MustArrive(filter) ? MqttQualityOfServiceLevel.AtLeastOnce : MqttQualityOfServiceLevel.AtMostOnce);
        var subscribed = await client.SubscribeAsync(builder.Build(), cancellationToken);
        if (subscribed.Items.FirstOrDefault(item => item.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2) is { } refused)
            throw new IOException($"the broker refuses the subscription to {refused.TopicFilter.Topic}: {refused.ResultCode}");
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
            .WithTimeout(Patience)
            .WithReceiveMaximum(MostUnacknowledged)
            .WithMaximumPacketSize(LargestPacket);
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

    /// <summary>One connection, and the commands on their way over it.</summary>
    private sealed class Line(IMqttClient client, Action isDead, int window)
    {
        private readonly SemaphoreSlim _slots = new(window);
        private volatile bool _isDead;

        /// <summary>Whether nothing speaks against the connection yet.</summary>
        public bool IsUp => client.IsConnected && !_isDead;

        public async Task<bool> SendAsync(MqttApplicationMessage message, TimeSpan limit, CancellationToken cancellationToken)
        {
            if (!await _slots.WaitAsync(limit, cancellationToken))
                return false;
            try
            {
                // What is not even tried was certainly not sent, and another node may send it at once.
                if (!IsUp)
                    return false;
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                patience.CancelAfter(limit);
                var result = await client.PublishAsync(message, patience.Token);
                return result.ReasonCode == MqttClientPublishReasonCode.Success;
            }
            catch (MqttClientNotConnectedException)
            {
                return false;
            }
            catch (Exception e) when (e is MqttCommunicationException or OperationCanceledException or ObjectDisposedException)
            {
                // The client calls it a timeout also when the sender has given up, which says nothing of the broker.
                cancellationToken.ThrowIfCancellationRequested();
                // The client pings only when it sends nothing else, and so does not notice a broken wire while there is much to say.
                _isDead = true;
                isDead();
                // Nobody knows whether the broker has it, and whoever is told that it was not sent gives the money back.
                return true;
            }
            finally
            {
                _slots.Release();
            }
        }
    }
}
