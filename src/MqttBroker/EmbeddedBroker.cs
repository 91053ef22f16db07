using System.Buffers;
using System.Collections;
using System.Collections.Concurrent;
using System.Text;
using Charging.Device.V1;
using Microsoft.Extensions.Hosting;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Charging.MqttBroker;

/// <summary>
/// The broker inside the server: an MQTTnet server on a Kestrel endpoint, with the rules of the pile protocol.
/// Nothing is fanned out or retained; a command goes to the one session it is for.
/// </summary>
internal sealed class EmbeddedBroker : BackgroundService, IPileLink
{
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromMilliseconds(500);

    // A look at ten thousand piles takes 7 ms, for which riders would wait.
    private const int WatchedAtOnce = 250;
    private static readonly TimeSpan WatchPause = TimeSpan.FromMilliseconds(10);

    // MQTTnet looks at all connections too, for a keep-alive that the channel has taken out of each.
    private static readonly TimeSpan IdleWatchPeriod = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<DeviceNo, PileConnection> _piles = new();
    private readonly ConcurrentDictionary<DeviceNo, MessageForm> _formsUsedLast = new();
    private readonly KestrelAdapter _adapter = new();
    private readonly PileBrokerOptions _options;
    private readonly PileMailbox _mailbox;
    private readonly ConnectGate _gate;
    private readonly BrokerMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly MqttServer _server;
    private readonly Lock _takingOver = new();
    private long _lastNumber;

    public EmbeddedBroker(PileBrokerOptions options, PileMailbox mailbox, ConnectGate gate, BrokerMetrics metrics, TimeProvider clock)
    {
        (_options, _mailbox, _gate, _metrics, _clock) = (options, mailbox, gate, metrics, clock);
        var mqttOptions = new MqttServerOptions
        {
            // The gate cuts and counts at the timeout itself; MQTTnet's is the second line.
            DefaultCommunicationTimeout = TimeSpan.FromSeconds(options.ConnectTimeoutSeconds * 2),
            EnablePersistentSessions = false,
            MaxPendingMessagesPerClient = options.MaxCommandsInFlight,
            PendingMessagesOverflowStrategy = MqttPendingMessagesOverflowStrategy.DropNewMessage,
        };
        mqttOptions.KeepAliveOptions.MonitorInterval = IdleWatchPeriod;
        _server = new MqttServer(mqttOptions, [_adapter], MqttNetNullLogger.Instance);
        _server.ValidatingConnectionAsync += Quick<ValidatingConnectionEventArgs>(e => e.ReasonCode = Admit(e));
        _server.ClientConnectedAsync += Quick<ClientConnectedEventArgs>(e => Begin(PileOf(e.SessionItems)));
        _server.InterceptingSubscriptionAsync += Quick<InterceptingSubscriptionEventArgs>(e => Subscribe(PileOf(e.SessionItems), e));
        _server.ClientAcknowledgedPublishPacketAsync += Quick<ClientAcknowledgedPublishPacketEventArgs>(e => PileOf(e.SessionItems).Acknowledged());
        _server.InterceptingPublishAsync += DeliverWillAsync;
        metrics.Watch(() => _piles.Count, () => gate.Pending, () => _piles.Values.Sum(pile => pile.Unacknowledged));
    }

    /// <inheritdoc/>
    public ValueTask<bool> SendAsync(DeviceNo device, Command command, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(_piles.TryGetValue(device, out var pile) && pile.TrySend(command));

    /// <inheritdoc/>
    public ValueTask DisconnectAsync(DeviceNo device, CancellationToken cancellationToken = default)
    {
        if (_piles.TryGetValue(device, out var pile))
            pile.Channel.Cut("asked");
        return default;
    }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Hosted services start before Kestrel listens, so no pile comes too early.
        await _server.StartAsync();
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_server.IsStarted)
            await _server.StopAsync(new MqttServerStopOptions());
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _server.Dispose();
        base.Dispose();
    }

    /// <summary>Serves a connection to its end.</summary>
    internal async Task ServeAsync(PileChannel channel)
    {
        try
        {
            await (_adapter.ClientHandler?.Invoke(channel) ?? Task.CompletedTask);
        }
        finally
        {
            if (channel.Pile is { } pile)
                End(pile);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(WatchPeriod, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                _gate.CutOverdue();
                var watched = 0;
                foreach (var (_, pile) in _piles)
                {
                    pile.Channel.CutIfDead();
                    if (++watched % WatchedAtOnce == 0)
                        await Task.Delay(WatchPause, _clock, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    // Handlers that wait hold up others in MQTTnet, so these never do.
    private static Func<T, Task> Quick<T>(Action<T> handle) => e =>
    {
        handle(e);
        return Task.CompletedTask;
    };

    private static PileConnection PileOf(IDictionary items) => (PileConnection)items[nameof(PileConnection)]!;

    private MqttConnectReasonCode Admit(ValidatingConnectionEventArgs attempt)
    {
        var channel = (PileChannel)attempt.ChannelAdapter;
        var connect = channel.Connect!;
        var code = ConnectRules.Check(connect, channel.KeepAliveSeconds, out var device, out var reason);
        var generation = 0;
        if (code == MqttConnectReasonCode.Success)
        {
            (code, generation) = _mailbox.Authenticate(device, Encoding.UTF8.GetString(connect.Password ?? []));
            reason = "secret";
        }

        if (code != MqttConnectReasonCode.Success)
        {
            _metrics.Refused(reason);
            return code;
        }

        var form = Codec.TryRead(PileStatus.Parser, connect.WillMessage, out _, out var formOfWill) ? formOfWill : FormUsedLast(device);
        PileConnection? older;
        lock (_takingOver)
        {
            var session = new PileSession(device, ++_lastNumber, generation);
            _piles.TryGetValue(device, out older);
            _piles[device] = channel.Pile = new PileConnection(session, channel, _options, _mailbox, form);
            // MQTTnet clears up by this, and would take a connection for one before it that has the same (adr/0003).
            connect.ClientId = $"{device}/{session.Number}";
        }

        older?.Channel.Cut("taken_over");
        // The secret may have been replaced, or the pile retired, before there was a connection to cut.
        if (_mailbox.Admit(device) != generation)
            channel.Cut("asked");
        attempt.SessionItems[nameof(PileConnection)] = channel.Pile;
        return code;
    }

    private MessageForm FormUsedLast(DeviceNo device) =>
        _piles.TryGetValue(device, out var older) ? older.Form : _formsUsedLast.GetValueOrDefault(device, MessageForm.Json);

    private void Begin(PileConnection pile)
    {
        if (IsNewest(pile))
            pile.Begin();
    }

    private bool IsNewest(PileConnection pile) => _piles.TryGetValue(pile.Session.Device, out var newest) && newest == pile;

    private void End(PileConnection pile)
    {
        if (IsNewest(pile))
            _formsUsedLast[pile.Session.Device] = pile.Form;
        _piles.TryRemove(new(pile.Session.Device, pile));
        pile.End();
    }

    private void Subscribe(PileConnection pile, InterceptingSubscriptionEventArgs attempt)
    {
        // Nothing is fanned out, so MQTTnet need not remember any subscription. The channel has checked the filter.
        attempt.ProcessSubscription = false;
        var filter = attempt.TopicFilter.Topic;
        var atMostOnce = attempt.TopicFilter.QualityOfServiceLevel == MqttQualityOfServiceLevel.AtMostOnce;
        attempt.Response.ReasonCode = atMostOnce ? MqttSubscribeReasonCode.GrantedQoS0 : MqttSubscribeReasonCode.GrantedQoS1;
        if (pile.Topics.SelectsCommands(filter))
            pile.Subscribed(filter, attempt.Session, atMostOnce ? MqttQualityOfServiceLevel.AtMostOnce : MqttQualityOfServiceLevel.AtLeastOnce);
    }

    // Wills are all that MQTTnet publishes: the other messages end in the channel. Their topic was checked at connect.
    // A pile that has connected anew is not gone, so then there is nothing to tell.
    private async Task DeliverWillAsync(InterceptingPublishEventArgs will)
    {
        will.ProcessPublish = false;
        var pile = PileOf(will.SessionItems);
        if (IsNewest(pile))
            await pile.ReceiveAsync(PileTopic.Status, will.ApplicationMessage.Payload.ToArray(), CancellationToken.None);
    }

    private sealed class KestrelAdapter : IMqttServerAdapter
    {
        public Func<IMqttChannelAdapter, Task>? ClientHandler { get; set; }

        public Task StartAsync(MqttServerOptions options, IMqttNetLogger logger) => Task.CompletedTask;

        public Task StopAsync() => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
