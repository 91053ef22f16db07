using Charging.Device.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Charging.MqttBroker.Tests;

/// <summary>Piles and what they say.</summary>
internal static class Piles
{
    private static int _last;

    /// <summary>A pile of its own for each test.</summary>
    public static DeviceNo Any() => DeviceNo.Parse($"A{Interlocked.Increment(ref _last):D9}");

    public static PileStatus Status(string bootId = "boot-1", uint seq = 1, bool online = true) =>
        new() { ProtocolVersion = 1, BootId = bootId, ConnectionId = "connection-1", Seq = seq, Online = online, Plugs = { new PlugStatus { Plug = 1, State = PlugState.Idle } } };

    public static PileEvent Swipe(uint eventId) => new() { EventId = eventId, BootId = "boot-1", CardSwiped = new CardSwiped { Plug = 1, CardNo = "34345799" } };

    public static Command SetTime(string id = "command-1") => new() { CommandId = id, SetTime = new SetTime { Now = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch) } };

    public static byte[] Json(this IMessage message) => Packets.Utf8(JsonFormatter.Default.Format(message));

    public static string StatusTopic(this DeviceNo device) => $"piles/{device}/status";

    public static string EventsTopic(this DeviceNo device) => $"piles/{device}/events";

    public static string CommandsTopic(this DeviceNo device) => $"piles/{device}/commands";
}
