using System.Buffers;
using System.Threading.Channels;
using Charging.Device.V1;
using Google.Protobuf;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Charging.PileSimulator;

/// <summary>The MQTT connection: made, kept, and made again until the pile is disposed.</summary>
internal sealed class PileLink(SimulatedPileOptions options, SimulatedPile pile)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private CancellationTokenSource? _connection;
    private volatile ChannelWriter<IMessage>? _outbox;

    /// <summary>Why the last attempt failed or the last connection ended; null when there was no fault.</summary>
    public string? Error { get; private set; }

    /// <summary>Queues a message for the present connection; without one it is lost.</summary>
    public void Send(IMessage message) => _outbox?.TryWrite(message);

    /// <summary>Drops the TCP connection without DISCONNECT, so that the broker publishes the will.</summary>
    public void Cut()
    {
        // CancelAsync, because the callers hold the pile's lock.
        lock (_gate) _ = _connection?.CancelAsync();
    }

    public async Task RunAsync(CancellationToken stop)
    {
        var failures = 0;
        while (!stop.IsCancellationRequested)
        {
            await pile.WhenUpAsync(stop).ConfigureAwait(false);
            var begun = TimeProvider.System.GetTimestamp();
            var wanted = await ConnectOnceAsync(stop).ConfigureAwait(false);
            if (wanted || TimeProvider.System.GetElapsedTime(begun) > Settled) failures = 0;
            else await PauseAsync(failures++, stop).ConfigureAwait(false);
        }
    }

    /// <returns>Whether the end was wanted on this side.</returns>
    private async Task<bool> ConnectOnceAsync(CancellationToken stop)
    {
        using var connection = CancellationTokenSource.CreateLinkedTokenSource(stop);
        lock (_gate) _connection = connection;
        try
        {
            if (pile.Connecting() is { } will) await HoldAsync(will, connection.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception) when (connection.IsCancellationRequested)
        {
            Error = null;
            return true;
        }
        catch (Exception e) // a background loop: whatever ended this connection, the next attempt follows
        {
            Error = e.Message;
            return false;
        }
        finally
        {
            _outbox = null;
            lock (_gate) _connection = null;
            pile.ConnectionClosed();
        }
    }

    /// <summary>Connects and serves the connection until it breaks; always ends by an exception.</summary>
    private async Task HoldAsync(PileStatus will, CancellationToken cut)
    {
        var outbox = Channel.CreateUnbounded<IMessage>(new UnboundedChannelOptions { SingleReader = true });
        _outbox = outbox.Writer;
        // Disposing closes the socket and sends no DISCONNECT.
        using var client = new MqttClientFactory().CreateMqttClient();
        client.DisconnectedAsync += e =>
        {
            outbox.Writer.TryComplete(e.Exception ?? new IOException($"the broker closed the connection: {e.ReasonString ?? e.Reason.ToString()}"));
            return Task.CompletedTask;
        };
        client.ApplicationMessageReceivedAsync += e =>
        {
            pile.Handle(e.ApplicationMessage.Payload.ToArray());
            return Task.CompletedTask;
        };

        var connected = await client.ConnectAsync(ClientOptions(will), cut).ConfigureAwait(false);
        if (connected.ResultCode != MqttClientConnectResultCode.Success)
            throw new IOException($"the broker refused the connection: {connected.ResultCode}");
        var subscribed = await client.SubscribeAsync(Topic("commands"), MqttQualityOfServiceLevel.AtLeastOnce, cut).ConfigureAwait(false);
        if (subscribed.Items.Any(item => item.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2))
            throw new IOException("the broker refused the subscription to commands");

        Error = null;
        pile.ConnectionOpened();
        await foreach (var message in outbox.Reader.ReadAllAsync(cut).ConfigureAwait(false))
        {
            await client.PublishAsync(Publication(message), cut).ConfigureAwait(false);
            pile.Published(message);
        }
        throw new IOException("the broker closed the connection");
    }

    private MqttClientOptions ClientOptions(PileStatus will)
    {
        var builder = new MqttClientOptionsBuilder()
            .WithTcpServer(options.Host, options.Port)
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithClientId(options.DeviceNo)
            .WithCredentials(options.DeviceNo, options.Secret)
            .WithCleanSession()
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(60))
            .WithTimeout(TimeSpan.FromSeconds(10))
            .WithWillTopic(Topic(PileWire.Leaf(will)))
            .WithWillPayload(PileWire.Encode(will, options.Encoding))
            .WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
            .WithWillRetain();
        if (options.UseTls)
        {
            builder.WithTlsOptions(tls =>
            {
                tls.UseTls();
                if (options.TrustAnyCertificate) tls.WithCertificateValidationHandler(_ => true);
            });
        }
        return builder.Build();
    }

    private MqttApplicationMessage Publication(IMessage message) => new()
    {
        Topic = Topic(PileWire.Leaf(message)),
        PayloadSegment = PileWire.Encode(message, options.Encoding),
        QualityOfServiceLevel = message is PileTelemetry ? MqttQualityOfServiceLevel.AtMostOnce : MqttQualityOfServiceLevel.AtLeastOnce,
        Retain = message is PileStatus,
    };

    private string Topic(string leaf) => PileWire.Topic(options.DeviceNo, leaf);

    /// <summary>Doubles with each failure; half of it is random, so that thousands of piles do not come back as one.</summary>
    private async Task PauseAsync(int failures, CancellationToken stop)
    {
        var pause = Math.Min(options.LongestReconnectPause.TotalMilliseconds, ShortestPause.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 10)));
        await Task.Delay(TimeSpan.FromMilliseconds(pause * (0.5 + (Random.Shared.NextDouble() / 2))), stop)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
