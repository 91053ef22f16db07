using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using MQTTnet.Adapter;
using MQTTnet.AspNetCore;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Charging.MqttBroker;

/// <summary>
/// One MQTT connection as MQTTnet sees it. Everything that MQTTnet leaves open is closed here, where the bytes arrive:
/// the first packet, the sizes, the pace, the silence. PUBLISH packets, nearly all of the traffic, are delivered
/// and acknowledged here and never reach MQTTnet; it keeps connections, subscriptions, pings and commands.
/// </summary>
internal sealed class PileChannel(ConnectionContext connection, Action admitted, PileBrokerOptions options, BrokerMetrics metrics, TimeProvider clock) : IMqttChannelAdapter
{
    // The largest message and its topic, with room to spare.
    private const int MaxBytes = Codec.MaxMessageBytes + 64;
    private const int ChecksBeforeCut = 4;
    private readonly PipeReader _input = connection.Transport.Input;
    private readonly PipeWriter _output = connection.Transport.Output;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly FloodGuard _flood = new(options, clock);
    private readonly ArrayBufferWriter<byte> _acks = new();
    private long _silentSince;
    private long _stuckSince;
    private int _checksWhileDead;
    private readonly CancellationTokenSource _cut = new();
    private string? _cutReason;

    /// <summary>What the pile said first; null until then.</summary>
    public MqttConnectPacket? Connect { get; private set; }

    /// <summary>The keep-alive that it asked for, in seconds.</summary>
    public int KeepAliveSeconds { get; private set; }

    /// <summary>Who it is; null until it has been authenticated.</summary>
    public PileConnection? Pile { get; set; }

    /// <summary>Why the broker ended the connection; null when it did not.</summary>
    public string? CutReason => Volatile.Read(ref _cutReason);

    /// <summary>Cancelled when the broker ends the connection; what was read of it is not dealt with any more.</summary>
    public CancellationToken WhenCut => _cut.Token;

    public MqttPacketFormatterAdapter PacketFormatterAdapter { get; } = new(MqttProtocolVersion.V311, new MqttBufferWriter(256, 4096));

    public EndPoint? RemoteEndPoint => connection.RemoteEndPoint;

    public EndPoint? LocalEndPoint => connection.LocalEndPoint;

    public X509Certificate2? ClientCertificate => null;

    public bool IsSecureConnection => connection.Features.Get<ITlsHandshakeFeature>() is not null;

    public long BytesReceived { get; private set; }

    public long BytesSent { get; private set; }

    /// <summary>Ends the connection without a word.</summary>
    public void Cut(string reason)
    {
        if (Interlocked.CompareExchange(ref _cutReason, reason, null) is not null)
            return;
        metrics.Cut(reason);
        connection.Abort(new ConnectionAbortedException(reason));
        // Not here: whoever cuts would run what waits.
        _ = _cut.CancelAsync();
    }

    /// <summary>
    /// Cuts a pile that is found silent for 1.5 keep-alive periods, or not to read what it is sent, at several checks in a row:
    /// after a time in which this process stood still, what the pile has sent must be read first.
    /// </summary>
    public void CutIfDead()
    {
        var isSilent = IsOlderThan(KeepAliveSeconds * 1.5, ref _silentSince);
        var isDead = isSilent || IsOlderThan(options.WriteTimeoutSeconds, ref _stuckSince);
        _checksWhileDead = isDead ? _checksWhileDead + 1 : 0;
        if (_checksWhileDead >= ChecksBeforeCut)
            Cut(isSilent ? "keep_alive" : "write_timeout");
    }

    /// <summary>The next packet that MQTTnet has to deal with; null at the end of the connection.</summary>
    public async Task<MqttPacket?> ReceivePacketAsync(CancellationToken cancellationToken)
    {
        var heardAt = clock.GetTimestamp();
        while (true)
        {
            // A pile is silent only while the broker waits for it, and a packet that never ends is silence.
            Volatile.Write(ref _silentSince, heardAt);
            var received = await _input.ReadAsync(cancellationToken);
            Volatile.Write(ref _silentSince, 0);
            var rest = received.Buffer;
            if (Connect is null && !rest.IsEmpty && rest.First.Span is not [ConnectRules.FirstByte, ..])
            {
                Cut("bad_first_packet");
                return null;
            }

            var result = FrameResult.Incomplete;
            MqttPacket? packet = null;
            while (packet is null && (result = MqttFrame.TryRead(rest, Connect is null ? ConnectRules.MaxBytes : MaxBytes, out var frame)) == FrameResult.Complete)
            {
                BytesReceived += frame.Whole.Length;
                rest = rest.Slice(frame.Whole.End);
                (var passed, packet) = await PassAsync(frame, cancellationToken);
                if (!passed || CutReason is not null)
                    return null;
                heardAt = clock.GetTimestamp();
            }

            if (result == FrameResult.Refused)
            {
                Cut(Connect is null ? "connect_too_large" : "packet_too_large");
                return null;
            }

            await AcknowledgeAsync(cancellationToken);
            _input.AdvanceTo(rest.Start, packet is null ? rest.End : rest.Start);
            if (packet is not null || received.IsCompleted)
                return packet;
        }
    }

    public async Task SendPacketAsync(MqttPacket packet, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            var encoded = PacketFormatterAdapter.Encode(packet);
            _output.Write(encoded.Packet);
            foreach (var segment in encoded.Payload)
                _output.Write(segment.Span);
            PacketFormatterAdapter.Cleanup();
            BytesSent += encoded.Length;
            await FlushAsync(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }

        if (packet is MqttConnAckPacket { ReasonCode: MqttConnectReasonCode.Success })
            admitted();
    }

    public Task ConnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task DisconnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void ResetStatistics() => (BytesReceived, BytesSent) = (0, 0);

    public void Dispose()
    {
        // The connection is Kestrel's.
    }

    // Deals with one packet. Not passed: the connection is over. A packet comes back when MQTTnet has to deal with it.
    private async ValueTask<(bool Passed, MqttPacket? ForMqttNet)> PassAsync(MqttFrame frame, CancellationToken cancellationToken)
    {
        if (Pile is null)
            return await PassStrangerAsync(frame, cancellationToken);

        var wait = _flood.Charge(clock.GetTimestamp());
        if (_flood.IsFlooding)
        {
            Pile.Flooding();
            return (Refuse("flooding"), null);
        }

        if (wait > TimeSpan.Zero)
        {
            Pile.Slowed();
            await AcknowledgeAsync(cancellationToken);
            await Task.Delay(wait, clock, cancellationToken);
        }

        if (!frame.IsPublish)
        {
            // Here, because MQTTnet answers some filters itself ($share/…) and lets the connection live.
            var packet = Decode(frame);
            if (packet is MqttSubscribePacket subscribe && !subscribe.TopicFilters.TrueForAll(filter => Pile.Topics.Owns(filter.Topic)))
                return (Refuse("foreign_subscription"), null);
            if (packet is MqttUnsubscribePacket unsubscribe)
                unsubscribe.TopicFilters.ForEach(Pile.Unsubscribed);
            return (true, packet);
        }

        var delivered = Deliver(Pile, frame, cancellationToken, out var delivery);
        if (!delivery.IsCompleted)
            await AcknowledgeAsync(cancellationToken);
        await delivery;
        return (delivered, null);
    }

    private bool Deliver(PileConnection pile, MqttFrame frame, CancellationToken cancellationToken, out ValueTask delivery)
    {
        delivery = default;
        var rented = frame.Body.IsSingleSegment ? null : ArrayPool<byte>.Shared.Rent((int)frame.Body.Length);
        if (rented is not null)
            frame.Body.CopyTo(rented);
        var body = rented is null ? frame.Body.FirstSpan : rented.AsSpan(0, (int)frame.Body.Length);
        try
        {
            // QoS 2 is no part of the protocol, and MQTTnet would deliver its duplicates.
            if (frame.Qos > 1 || !frame.TryReadPublish(body, out var name, out var packetId, out var payload))
                return Refuse("malformed_publish");
            if (!pile.Topics.TryMatch(name, out var topic))
                return Refuse("foreign_topic");
            if (payload.Length > Codec.MaxMessageBytes)
                return Refuse("packet_too_large");
            delivery = pile.ReceiveAsync(topic, payload, cancellationToken);
            if (frame.Qos == 1)
                WriteAck(packetId);
            return true;
        }
        finally
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private bool Refuse(string reason)
    {
        Cut(reason);
        return false;
    }

    private async ValueTask<(bool Passed, MqttPacket? ForMqttNet)> PassStrangerAsync(MqttFrame frame, CancellationToken cancellationToken)
    {
        switch (ConnectRules.Judge(frame.Body.ToArray()))
        {
            case ConnectRules.Verdict.Malformed:
                return (Refuse("bad_first_packet"), null);
            case ConnectRules.Verdict.WrongVersion:
                metrics.Refused("protocol_version");
                await _output.WriteAsync(new byte[] { 0x20, 0x02, 0x00, 0x01 }, cancellationToken);
                return (false, null);
            default:
                Connect = (MqttConnectPacket)Decode(frame);
                // Sessions never outlive connections; and the silence is watched here, because MQTTnet does not see the PUBLISH packets.
                Connect.CleanSession = true;
                (KeepAliveSeconds, Connect.KeepAlivePeriod) = (Connect.KeepAlivePeriod, 0);
                return (true, Connect);
        }
    }

    private MqttPacket Decode(MqttFrame frame)
    {
        if (!PacketFormatterAdapter.TryDecode(frame.Whole, out var packet, out _, out _, out _))
            throw new InvalidDataException("A whole packet could not be decoded.");
        return packet;
    }

    private void WriteAck(ushort packetId)
    {
        var ack = _acks.GetSpan(4);
        (ack[0], ack[1]) = (0x40, 0x02);
        BinaryPrimitives.WriteUInt16BigEndian(ack[2..], packetId);
        _acks.Advance(4);
    }

    private async ValueTask AcknowledgeAsync(CancellationToken cancellationToken)
    {
        if (_acks.WrittenCount == 0)
            return;
        await _writing.WaitAsync(cancellationToken);
        try
        {
            _output.Write(_acks.WrittenSpan);
            BytesSent += _acks.WrittenCount;
            _acks.ResetWrittenCount();
            await FlushAsync(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    private bool IsOlderThan(double seconds, ref long since) =>
        Volatile.Read(ref since) is var timestamp && timestamp != 0 && clock.GetElapsedTime(timestamp).TotalSeconds > seconds;

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        var flush = _output.FlushAsync(cancellationToken);
        if (!flush.IsCompleted)
            Volatile.Write(ref _stuckSince, clock.GetTimestamp());
        await flush;
        Volatile.Write(ref _stuckSince, 0);
    }
}
