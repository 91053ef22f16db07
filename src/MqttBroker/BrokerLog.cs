using Microsoft.Extensions.Logging;

namespace Charging.MqttBroker;

/// <summary>What the broker logs. Strangers are counted, not logged: they could fill the disk.</summary>
internal static partial class BrokerLog
{
    [LoggerMessage(1, LogLevel.Error, "Handling a {What} of pile {Device} failed; the pile stays connected.")]
    public static partial void ListenerFault(this ILogger logger, Exception fault, string what, DeviceNo device);

    [LoggerMessage(2, LogLevel.Information, "The connection of pile {Device} was cut: {Reason}.")]
    public static partial void PileCut(this ILogger logger, DeviceNo device, string reason);
}
