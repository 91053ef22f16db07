using System.Security.Cryptography;
using System.Text;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Charging.MqttBroker;

/// <summary>
/// For an external broker that asks at every step who may do what: the rules that the embedded broker keeps itself, and those
/// for the nodes.
/// </summary>
public sealed class ExternalAccess
{
    // EMQX checks the limits of the keep-alive itself.
    private const int AnyKeepAlive = 60;
    private readonly PileMailbox _mailbox;
    private readonly ExternalBrokerPlace _place;

    internal ExternalAccess(PileMailbox mailbox, ExternalBrokerPlace place) => (_mailbox, _place) = (mailbox, place);

    /// <summary>Whether a client may connect: a pile under its own number with its secret, or a node.</summary>
    public bool MayConnect(string? clientId, string? username, string? password)
    {
        if (username == _place.Username)
            return !DeviceNo.TryParse(clientId, out _) && CryptographicOperations.FixedTimeEquals(Hash(password), Hash(_place.Password));
        var connect = new MqttConnectPacket { ClientId = clientId, Username = username };
        return ConnectRules.Check(connect, AnyKeepAlive, out var device, out _) == MqttConnectReasonCode.Success
            && _mailbox.Authenticate(device, password ?? "").Code == MqttConnectReasonCode.Success;
    }

    /// <summary>Whether a client may publish to a topic.</summary>
    public bool MayPublish(string? username, string topic, int qos)
    {
        if (qos > (int)MqttQualityOfServiceLevel.AtLeastOnce)
            return false;
        return username == _place.Username ? Topics.IsForPiles(topic) : TopicsOf(username) is { } own && own.TryMatch(Encoding.UTF8.GetBytes(topic), out _);
    }

    /// <summary>Whether a client may subscribe to a filter.</summary>
    public bool MaySubscribe(string? username, string filter) =>
        username == _place.Username ? Topics.IsHeardByNodes(filter) : TopicsOf(username) is { } own && own.Owns(filter);

    private Topics? TopicsOf(string? username) => DeviceNo.TryParse(username, out var device) && _mailbox.Admit(device) is not null ? new Topics(device) : null;

    private static byte[] Hash(string? text) => SHA256.HashData(Encoding.UTF8.GetBytes(text ?? ""));
}
