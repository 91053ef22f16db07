using Microsoft.Extensions.Logging;

namespace Charging.MqttBroker;

/// <summary>What the broker logs. Strangers are counted, not logged: they could fill the disk.</summary>
internal static partial class BrokerLog
{
    [LoggerMessage(1, LogLevel.Error, "Handling a {What} of pile {Device} failed; the pile stays connected.")]
    public static partial void ListenerFault(this ILogger logger, Exception fault, string what, DeviceNo device);

    [LoggerMessage(2, LogLevel.Information, "The connection of pile {Device} was cut: {Reason}.")]
    public static partial void PileCut(this ILogger logger, DeviceNo device, string reason);

    [LoggerMessage(3, LogLevel.Information, "Connected to the MQTT broker at {Url} as {Node}.")]
    public static partial void BrokerFound(this ILogger logger, Uri url, string node);

    [LoggerMessage(4, LogLevel.Warning, "Not connected to the MQTT broker at {Url}, tried again until it works: {Reason}")]
    public static partial void BrokerLost(this ILogger logger, Uri url, string reason);

    [LoggerMessage(5, LogLevel.Warning, "Events are left to other nodes: the store does not answer.")]
    public static partial void EventsLeft(this ILogger logger, Exception? fault);

    [LoggerMessage(6, LogLevel.Information, "The store answers, and events are taken again.")]
    public static partial void EventsTaken(this ILogger logger);
}
