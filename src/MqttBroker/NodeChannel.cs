using System.Net;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Diagnostics.PacketInspection;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Implementations;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Charging.MqttBroker;

/// <summary>
/// A node's connection to the external broker as MQTTnet sees it. MQTTnet would queue all that arrives, without a limit. Here a
/// message is handled before the next one is read: what the node has not handled yet waits in the socket and in the broker.
/// </summary>
internal sealed class NodeChannel(IMqttChannelAdapter inner, ExternalPiles piles, TimeProvider clock) : IMqttChannelAdapter
{
    private long _waitingSince;
    private int _isPinged;

    public MqttPacketFormatterAdapter PacketFormatterAdapter => inner.PacketFormatterAdapter;

    public EndPoint? RemoteEndPoint => inner.RemoteEndPoint;

    public EndPoint? LocalEndPoint => inner.LocalEndPoint;

    public X509Certificate2? ClientCertificate => inner.ClientCertificate;

    public bool IsSecureConnection => inner.IsSecureConnection;

    public long BytesReceived => inner.BytesReceived;

    public long BytesSent => inner.BytesSent;

    /// <summary>Whether the broker has sent nothing since a timestamp, for so long.</summary>
    public bool IsSilentSince(long timestamp, TimeSpan time) =>
        Volatile.Read(ref _waitingSince) is not 0 and var since && clock.GetElapsedTime(Math.Max(since, timestamp)) >= time;

    /// <summary>Handles messages up to the next packet that is for MQTTnet; null at the end of the connection.</summary>
    public async Task<MqttPacket?> ReceivePacketAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Volatile.Write(ref _waitingSince, clock.GetTimestamp());
            var packet = await inner.ReceivePacketAsync(cancellationToken);
            Volatile.Write(ref _waitingSince, 0);
            if (packet is not MqttPublishPacket publish)
                return packet;
            await HandleAsync(publish, cancellationToken);
            // The answer to the ping stands behind all that the broker had to send before. MQTTnet would not wait for it that long.
            if (Interlocked.Exchange(ref _isPinged, 0) == 1)
                return MqttPingRespPacket.Instance;
        }
    }

    public Task SendPacketAsync(MqttPacket packet, CancellationToken cancellationToken)
    {
        if (packet is MqttPingReqPacket)
            Volatile.Write(ref _isPinged, 1);
        return inner.SendPacketAsync(packet, cancellationToken);
    }

    public Task ConnectAsync(CancellationToken cancellationToken) => inner.ConnectAsync(cancellationToken);

    public Task DisconnectAsync(CancellationToken cancellationToken) => inner.DisconnectAsync(cancellationToken);

    public void ResetStatistics() => inner.ResetStatistics();

    public void Dispose() => inner.Dispose();

    private async Task HandleAsync(MqttPublishPacket publish, CancellationToken cancellationToken)
    {
        // A message that waits for the store does not hold up the others; the broker's window limits how many do.
        var handling = piles.ReceiveAsync(publish.Topic, publish.Payload, publish.Retain);
        if (publish.QualityOfServiceLevel == MqttQualityOfServiceLevel.AtMostOnce)
            return;
        if (handling.IsCompleted)
            await AcknowledgeAsync(publish, cancellationToken);
        else
            _ = AcknowledgeAfterAsync(handling, publish);
    }

    private async Task AcknowledgeAfterAsync(Task handling, MqttPublishPacket publish)
    {
        await handling;
        try
        {
            await AcknowledgeAsync(publish, CancellationToken.None);
        }
        catch (Exception e) when (e is MqttCommunicationException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection has ended, and the broker gives the message to another node.
        }
    }

    private Task AcknowledgeAsync(MqttPublishPacket publish, CancellationToken cancellationToken) =>
        inner.SendPacketAsync(new MqttPubAckPacket { PacketIdentifier = publish.PacketIdentifier }, cancellationToken);

    /// <summary>Makes the channel of each connection.</summary>
    internal sealed class Factory(ExternalPiles piles, TimeProvider clock) : IMqttClientAdapterFactory
    {
        private readonly MqttClientAdapterFactory _inner = new();

        /// <summary>The channel that was made last.</summary>
        public NodeChannel? Channel { get; private set; }

        public IMqttChannelAdapter CreateClientAdapter(MqttClientOptions options, MqttPacketInspector packetInspector, IMqttNetLogger logger) =>
            Channel = new NodeChannel(_inner.CreateClientAdapter(options, packetInspector, logger), piles, clock);
    }
}
