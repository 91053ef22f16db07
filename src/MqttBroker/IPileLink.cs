using Charging.Device.V1;

namespace Charging.MqttBroker;

/// <summary>The port out: sends commands to piles.</summary>
public interface IPileLink
{
    /// <summary>
    /// Hands a command to the pile's connection, in the encoding that the pile used last.
    /// It says nothing about whether the pile obeys: that is what its result says.
    /// </summary>
    /// <returns>False when the pile is not connected, or its connection takes nothing more.</returns>
    ValueTask<bool> SendAsync(DeviceNo device, Command command, CancellationToken cancellationToken = default);

    /// <summary>Why no pile can be heard or told anything now, as a sentence; null when nothing is in the way.</summary>
    string? Trouble => null;

    /// <summary>
    /// For how long piles have been heard without a break: what was heard before says nothing about now. The maximum where the
    /// broker is in this process, and knows at any time who is connected.
    /// </summary>
    TimeSpan ConnectedFor => TimeSpan.MaxValue;

    /// <summary>
    /// Closes the pile's connection, for example because its secret was replaced. Nothing happens when there is none, or when
    /// the broker is an external one, which learns of the new secret in its own way.
    /// </summary>
    ValueTask DisconnectAsync(DeviceNo device, CancellationToken cancellationToken = default);
}
