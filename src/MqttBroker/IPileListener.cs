using Charging.Device.V1;

namespace Charging.MqttBroker;

/// <summary>
/// One authenticated connection of a pile.
/// </summary>
/// <param name="Device">The pile.</param>
/// <param name="Number">Grows with every connection that this node learns of; the newest of a pile wins.</param>
/// <param name="SecretGeneration">Which of the pile's secrets it used: 1 for the first, one more at each replacement.</param>
public sealed record PileSession(DeviceNo Device, long Number, int SecretGeneration);

/// <summary>
/// The port in: what piles say. Methods that return nothing must be quick and touch no disk;
/// the others may wait for the store, while the broker goes on with the pile's next messages.
/// </summary>
public interface IPileListener
{
    /// <summary>Checks a pile's secret, in constant time and without touching a disk.</summary>
    /// <returns>The generation of the secret, or null when the pile is unknown, retired, or the secret is wrong.</returns>
    int? Authenticate(DeviceNo device, string secret);

    /// <summary>For a pile whose secret an external broker has checked.</summary>
    /// <returns>The generation of its secret, or null when the pile is unknown or retired, and is not listened to.</returns>
    int? Admit(DeviceNo device);

    /// <summary>An external broker has kept a status of a pile that was not heard since. It proves nothing about now: the pile is to be asked.</summary>
    void Remembered(DeviceNo device);

    /// <summary>A pile has connected. An older session of the same pile, if there was one, counts no more.</summary>
    void Connected(PileSession session);

    /// <summary>A connection has ended. It may be an older one, whose end changes nothing.</summary>
    void Disconnected(PileSession session);

    /// <summary>
    /// Whether a status, or a will, names plugs that the pile has, each at most once. What does not is handed to
    /// <see cref="Unreadable"/> and counts for nothing.
    /// </summary>
    bool IsReadable(DeviceNo device, PileStatus status) => true;

    /// <summary>A status, or a will (<see cref="PileStatus.Online"/> false), that is readable.</summary>
    void StatusReceived(PileSession session, PileStatus status);

    /// <summary>Measurements.</summary>
    void TelemetryReceived(PileSession session, PileTelemetry telemetry);

    /// <summary>
    /// Whether events can be kept now. Asked once a second where the broker is an external one, which gives the events to
    /// other nodes while the answer is no, or is late.
    /// </summary>
    Task<bool> CanKeepAsync() => Task.FromResult(true);

    /// <summary>An event. The listener sends the <see cref="EventAck"/> after the effect is durable.</summary>
    Task EventReceivedAsync(PileSession session, PileEvent pileEvent);

    /// <summary>The result of a command.</summary>
    Task ResultReceivedAsync(PileSession session, CommandResult result);

    /// <summary>
    /// A pile sends more than <see cref="PileBrokerOptions.PacketsPerSecond"/>, and has to wait; with an external broker the
    /// message is dropped.
    /// </summary>
    void Slowed(PileSession session)
    {
    }

    /// <summary>A message on one of the pile's own topics that is neither protobuf JSON nor binary of that topic's type, or a status that is not readable.</summary>
    void Unreadable(PileSession session, string topic, ReadOnlyMemory<byte> payload);

    /// <summary>
    /// A pile has gone on to send too much for longer than <see cref="PileBrokerOptions.FloodPatienceSeconds"/>. Its connection is
    /// closed; with an external broker this is called once a minute while it goes on.
    /// </summary>
    void Flooding(DeviceNo device)
    {
    }
}
