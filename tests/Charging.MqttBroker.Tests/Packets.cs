using System.Text;

namespace Charging.MqttBroker.Tests;

/// <summary>MQTT packets as bytes, right and wrong ones.</summary>
internal static class Packets
{
    public static readonly byte[] Accepted = [0x20, 0x02, 0x00, 0x00];
    public static readonly byte[] Ping = [0xC0, 0x00];
    public static readonly byte[] Disconnect = [0xE0, 0x00];

    public static byte[] Refused(byte code) => [0x20, 0x02, 0x00, code];

    /// <summary>A packet with its length; <paramref name="announced"/> instead of the true one if given.</summary>
    public static byte[] Packet(byte header, byte[] body, int? announced = null) => [header, .. VarInt(announced ?? body.Length), .. body];

    public static byte[] Connect(DeviceNo device, Will? will = null, ushort keepAlive = 60) =>
        Connect(Utf8(device.ToString()), device.ToString(), TestListener.Secret, will, keepAlive);

    public static byte[] Connect(
        byte[] clientId, string? user, string? password, Will? will = null, ushort keepAlive = 60, bool cleanSession = true, byte level = 4, string protocol = "MQTT")
    {
        var flags = (cleanSession ? 2 : 0) | (user is null ? 0 : 0x80) | (password is null ? 0 : 0x40)
            | (will is null ? 0 : 4 | (will.Qos << 3) | (will.Retain ? 0x20 : 0));
        byte[] properties = level == 5 ? [0] : [];
        byte[] body =
        [
            .. Field(Utf8(protocol)), level, (byte)flags, (byte)(keepAlive >> 8), (byte)keepAlive, .. properties, .. Field(clientId),
            .. will is null ? [] : (byte[])[.. properties, .. Field(will.Topic), .. Field(will.Payload)],
            .. user is null ? [] : Field(Utf8(user)),
            .. password is null ? [] : Field(Utf8(password)),
        ];
        return Packet(0x10, body);
    }

    public static byte[] Publish(string topic, byte[] payload, int qos = 1, ushort packetId = 1, bool retain = false) =>
        Publish(Utf8(topic), payload, qos, packetId, retain);

    public static byte[] Publish(byte[] topic, byte[] payload, int qos = 1, ushort packetId = 1, bool retain = false) =>
        Packet(
            (byte)(0x30 | (qos << 1) | (retain ? 1 : 0)),
            [.. Field(topic), .. qos == 0 ? [] : (byte[])[(byte)(packetId >> 8), (byte)packetId], .. payload]);

    public static byte[] Subscribe(string filter, int qos = 1) => Subscribe(Utf8(filter), qos);

    public static byte[] Subscribe(byte[] filter, int qos = 1) => Packet(0x82, [0, 7, .. Field(filter), (byte)qos]);

    public static byte[] Unsubscribe(string filter) => Packet(0xA2, [0, 8, .. Field(Utf8(filter))]);

    public static byte[] Ack(ushort packetId) => [0x40, 0x02, (byte)(packetId >> 8), (byte)packetId];

    public static byte[] Field(byte[] bytes) => [(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    public static byte[] VarInt(int value)
    {
        var bytes = new List<byte>();
        do
        {
            var digit = (byte)(value & 0x7F);
            value >>= 7;
            bytes.Add((byte)(value > 0 ? digit | 0x80 : digit));
        }
        while (value > 0);
        return [.. bytes];
    }
}

/// <summary>A will.</summary>
internal sealed record Will(byte[] Topic, byte[] Payload, int Qos = 1, bool Retain = true);
