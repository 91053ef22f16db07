using System.Buffers;
using System.Buffers.Binary;

namespace Charging.MqttBroker;

/// <summary>What came of looking for a packet in the bytes received so far.</summary>
internal enum FrameResult
{
    /// <summary>A whole packet.</summary>
    Complete,

    /// <summary>Not all of it is here.</summary>
    Incomplete,

    /// <summary>It announces more than is allowed, or its length is not one.</summary>
    Refused,
}

/// <summary>One MQTT packet as it lies in the receive buffer.</summary>
internal readonly struct MqttFrame(byte header, ReadOnlySequence<byte> body, ReadOnlySequence<byte> whole)
{
    public bool IsPublish => header >> 4 == 3;

    public int Qos => (header >> 1) & 3;

    /// <summary>What follows the fixed header.</summary>
    public ReadOnlySequence<byte> Body => body;

    /// <summary>The packet with its fixed header.</summary>
    public ReadOnlySequence<byte> Whole => whole;

    /// <summary>
    /// Looks for a packet at the start of a buffer. The announced length is judged as soon as it can be read,
    /// so a packet that is too large is refused before it is received.
    /// </summary>
    public static FrameResult TryRead(in ReadOnlySequence<byte> buffer, int maxBodyBytes, out MqttFrame frame)
    {
        frame = default;
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryRead(out var header))
            return FrameResult.Incomplete;

        var length = 0;
        for (var shift = 0; ; shift += 7)
        {
            if (shift > 21)
                return FrameResult.Refused;
            if (!reader.TryRead(out var digit))
                return FrameResult.Incomplete;
            length |= (digit & 0x7F) << shift;
            if (digit < 0x80)
                break;
        }

        if (length > maxBodyBytes)
            return FrameResult.Refused;
        if (reader.Remaining < length)
            return FrameResult.Incomplete;
        var body = buffer.Slice(reader.Position, length);
        frame = new MqttFrame(header, body, buffer.Slice(0, body.End));
        return FrameResult.Complete;
    }

    /// <summary>Takes a PUBLISH apart. False when it is malformed.</summary>
    public bool TryReadPublish(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> topic, out ushort packetId, out ReadOnlySpan<byte> payload)
    {
        topic = payload = default;
        packetId = 0;
        if (body.Length < 2)
            return false;
        var topicEnd = 2 + BinaryPrimitives.ReadUInt16BigEndian(body);
        var payloadStart = Qos == 0 ? topicEnd : topicEnd + 2;
        if (body.Length < payloadStart)
            return false;
        topic = body[2..topicEnd];
        payload = body[payloadStart..];
        if (Qos == 0)
            return true;
        packetId = BinaryPrimitives.ReadUInt16BigEndian(body[topicEnd..]);
        return packetId != 0;
    }
}
