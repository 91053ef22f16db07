using Charging.Device.V1;
using Microsoft.Extensions.Logging;
using MQTTnet.Protocol;

namespace Charging.MqttBroker;

/// <summary>
/// The MQTT message loop's only way to the listener. A fault of the listener is logged here and goes no further:
/// it is not the pile's, so it must not cost the pile its connection.
/// </summary>
internal sealed class PileMailbox(Lazy<IPileListener> listener, BrokerMetrics metrics, ILogger<PileMailbox> logger)
{
    /// <summary>Checks a secret. When the listener fails, the pile is told to come again.</summary>
    public (MqttConnectReasonCode Code, int Generation) Authenticate(DeviceNo device, string secret)
    {
        try
        {
            return listener.Value.Authenticate(device, secret) is { } generation
                ? (MqttConnectReasonCode.Success, generation)
                : (MqttConnectReasonCode.BadUserNameOrPassword, 0);
        }
        catch (Exception fault)
        {
            logger.ListenerFault(fault, "authentication", device);
            return (MqttConnectReasonCode.ServerUnavailable, 0);
        }
    }

    /// <summary>The generation of an admitted pile's secret; null, too, when the listener fails.</summary>
    public int? Admit(DeviceNo device)
    {
        try
        {
            return listener.Value.Admit(device);
        }
        catch (Exception fault)
        {
            logger.ListenerFault(fault, "admission", device);
            return null;
        }
    }

    public void Remembered(DeviceNo device) => Guard("kept status", device, () => listener.Value.Remembered(device));

    public void Connected(PileSession session) => Guard("connection", session.Device, () => listener.Value.Connected(session));

    public void Disconnected(PileSession session) => Guard("disconnection", session.Device, () => listener.Value.Disconnected(session));

    /// <summary>Whether a status is readable; it is not, too, when the listener fails.</summary>
    public bool IsReadable(DeviceNo device, PileStatus status)
    {
        try
        {
            return listener.Value.IsReadable(device, status);
        }
        catch (Exception fault)
        {
            logger.ListenerFault(fault, "status", device);
            return false;
        }
    }

    public void StatusReceived(PileSession session, PileStatus status)
    {
        try
        {
            listener.Value.StatusReceived(session, status);
        }
        catch (Exception fault)
        {
            logger.ListenerFault(fault, "status", session.Device);
        }
    }

    public void TelemetryReceived(PileSession session, PileTelemetry telemetry)
    {
        try
        {
            listener.Value.TelemetryReceived(session, telemetry);
        }
        catch (Exception fault)
        {
            logger.ListenerFault(fault, "telemetry", session.Device);
        }
    }

    public async Task<bool> CanKeepAsync() => await listener.Value.CanKeepAsync();

    public Task EventReceivedAsync(PileSession session, PileEvent pileEvent) =>
        GuardAsync("event", session, () => listener.Value.EventReceivedAsync(session, pileEvent));

    public Task ResultReceivedAsync(PileSession session, CommandResult result) =>
        GuardAsync("result", session, () => listener.Value.ResultReceivedAsync(session, result));

    /// <summary>A message over an external broker is not handled, because the pile sends too much.</summary>
    public void Dropped(PileSession session)
    {
        metrics.Dropped("rate");
        Guard("flood", session.Device, () => listener.Value.Slowed(session));
    }

    public void Slowed(PileSession session)
    {
        metrics.Slowed();
        Guard("flood", session.Device, () => listener.Value.Slowed(session));
    }

    public void Unreadable(PileSession session, string topic, byte[] payload)
    {
        metrics.Unreadable();
        Guard("unreadable message", session.Device, () => listener.Value.Unreadable(session, topic, payload));
    }

    public void Flooding(DeviceNo device) => Guard("flood", device, () => listener.Value.Flooding(device));

    private void Guard(string what, DeviceNo device, Action tell)
    {
        try
        {
            tell();
        }
        catch (Exception fault)
        {
            logger.ListenerFault(fault, what, device);
        }
    }

    private async Task GuardAsync(string what, PileSession session, Func<Task> tell)
    {
        try
        {
            await tell();
        }
        catch (Exception fault)
        {
            logger.ListenerFault(fault, what, session.Device);
        }
    }
}
