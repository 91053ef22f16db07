using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Charging.MqttBroker;

/// <summary>What a CONNECT must look like before anybody's secret is looked at (device-protocol.md, Connection).</summary>
internal static class ConnectRules
{
    /// <summary>
    /// The largest CONNECT, in bytes after the fixed header. A will is a status with next to nothing in it, so 4 KiB is plenty,
    /// and 1,000 strangers together cost 4 MiB.
    /// </summary>
    public const int MaxBytes = 4 * 1024;

    /// <summary>How every CONNECT begins. Whatever begins otherwise is cut at its first byte.</summary>
    public const byte FirstByte = 0x10;

    private const byte Mqtt311 = 4;

    /// <summary>What the first bytes of a CONNECT say.</summary>
    public enum Verdict
    {
        Accepted,
        WrongVersion,
        Malformed,
    }

    /// <summary>
    /// Judges the protocol's name, level and flags before MQTTnet decodes anything, so its MQTT 5 and 3.1 code is never reached.
    /// </summary>
    public static Verdict Judge(ReadOnlySpan<byte> body)
    {
        if (body.StartsWith("\0\x06MQIsdp"u8))
            return Verdict.WrongVersion;
        if (body.Length < 10 || !body.StartsWith("\0\x04MQTT"u8))
            return Verdict.Malformed;
        if (body[6] != Mqtt311)
            return Verdict.WrongVersion;

        var flags = body[7];
        var reserved = (flags & 0x01) != 0;
        var will = (flags & 0x04) != 0;
        var willDetails = flags & 0x38;
        var willQos3 = (flags & 0x18) == 0x18;
        var passwordWithoutUser = (flags & 0xC0) == 0x40;
        return reserved || willQos3 || passwordWithoutUser || (!will && willDetails != 0) ? Verdict.Malformed : Verdict.Accepted;
    }

    /// <summary>Whether a decoded CONNECT keeps the rules that need no secret, and which pile it claims to be.</summary>
    /// <param name="connect">The packet.</param>
    /// <param name="keepAliveSeconds">The keep-alive that it asked for.</param>
    /// <param name="device">The pile that it claims to be.</param>
    /// <param name="reason">Why it is refused, for the counter.</param>
    public static MqttConnectReasonCode Check(MqttConnectPacket connect, int keepAliveSeconds, out DeviceNo device, out string reason)
    {
        (var code, reason) = (MqttConnectReasonCode.Success, "");
        if (!DeviceNo.TryParse(connect.ClientId, out device))
            (code, reason) = (MqttConnectReasonCode.ClientIdentifierNotValid, "identifier");
        else if (!DeviceNo.TryParse(connect.Username, out var user) || user != device)
            (code, reason) = (MqttConnectReasonCode.BadUserNameOrPassword, "user");
        else if (keepAliveSeconds is 0 or > 300)
            (code, reason) = (MqttConnectReasonCode.NotAuthorized, "keep_alive");
        else if (connect.WillFlag && (connect.WillTopic != new Topics(device).Status || connect.WillQoS > MqttQualityOfServiceLevel.AtLeastOnce))
            (code, reason) = (MqttConnectReasonCode.NotAuthorized, "will");
        return code;
    }
}
