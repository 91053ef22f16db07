using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;

namespace Charging.MqttBroker;

/// <summary>The form in which a pile is answered: that of its last message that was understood.</summary>
internal sealed class PileForm(MessageForm first = MessageForm.Json)
{
    private volatile MessageForm _last = first;

    /// <summary>The form.</summary>
    public MessageForm Last => _last;

    /// <summary>Reads a message, as <see cref="Codec"/> does. One that is not understood changes nothing.</summary>
    public bool TryRead<T>(MessageParser<T> parser, ReadOnlySpan<byte> payload, [NotNullWhen(true)] out T? message)
        where T : class, IMessage<T>, new()
    {
        if (!Codec.TryRead(parser, payload, out message, out var form))
            return false;
        _last = form;
        return true;
    }
}
