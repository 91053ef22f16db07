using System.Collections.Concurrent;
using Charging.Device.V1;

namespace Charging.MqttBroker.Tests;

/// <summary>A listener that knows the piles it was given, remembers what it heard, and can be slow or broken.</summary>
internal sealed class TestListener : IPileListener
{
    public const string Secret = "a-secret-of-its-own";

    public ConcurrentQueue<PileSession> Connections { get; } = new();

    public ConcurrentQueue<PileSession> Disconnections { get; } = new();

    public ConcurrentQueue<(PileSession Session, PileStatus Status)> Statuses { get; } = new();

    public ConcurrentQueue<(PileSession Session, PileTelemetry Telemetry)> Telemetry { get; } = new();

    public ConcurrentQueue<(PileSession Session, PileEvent Event)> Events { get; } = new();

    public ConcurrentQueue<(PileSession Session, CommandResult Result)> Results { get; } = new();

    public ConcurrentQueue<(PileSession Session, string Topic, byte[] Payload)> UnreadableMessages { get; } = new();

    public ConcurrentQueue<DeviceNo> Floods { get; } = new();

    /// <summary>What is done with each event; at first nothing.</summary>
    public Func<PileEvent, Task> OnEvent { get; set; } = _ => Task.CompletedTask;

    /// <summary>What is done with each status; at first nothing.</summary>
    public Action<PileSession, PileStatus> OnStatus { get; set; } = (_, _) => { };

    /// <summary>Piles that are let in no more.</summary>
    public ConcurrentBag<DeviceNo> Retired { get; } = [];

    /// <summary>What happens before a secret is looked at; at first nothing.</summary>
    public Action OnAuthenticate { get; set; } = () => { };

    public int? Authenticate(DeviceNo device, string secret)
    {
        OnAuthenticate();
        return secret == Secret && !Retired.Contains(device) ? 1 : null;
    }

    public ConcurrentQueue<DeviceNo> Kept { get; } = new();

    /// <summary>The generation of every pile's secret.</summary>
    public int Generation { get; set; } = 1;

    /// <summary>The answer to whether events can be kept.</summary>
    public Task<bool> CanKeep { get; set; } = Task.FromResult(true);

    public int? Admit(DeviceNo device) => Retired.Contains(device) ? null : Generation;

    /// <summary>How often that was asked.</summary>
    public int TimesAsked { get; private set; }

    public Task<bool> CanKeepAsync()
    {
        TimesAsked++;
        return CanKeep;
    }

    public void Remembered(DeviceNo device) => Kept.Enqueue(device);

    public void Connected(PileSession session) => Connections.Enqueue(session);

    public void Disconnected(PileSession session) => Disconnections.Enqueue(session);

    public void StatusReceived(PileSession session, PileStatus status)
    {
        Statuses.Enqueue((session, status));
        OnStatus(session, status);
    }

    public void TelemetryReceived(PileSession session, PileTelemetry telemetry) => Telemetry.Enqueue((session, telemetry));

    public Task EventReceivedAsync(PileSession session, PileEvent pileEvent)
    {
        Events.Enqueue((session, pileEvent));
        return OnEvent(pileEvent);
    }

    public Task ResultReceivedAsync(PileSession session, CommandResult result)
    {
        Results.Enqueue((session, result));
        return Task.CompletedTask;
    }

    public void Unreadable(PileSession session, string topic, ReadOnlyMemory<byte> payload) =>
        UnreadableMessages.Enqueue((session, topic, payload.ToArray()));

    public void Flooding(DeviceNo device) => Floods.Enqueue(device);

    public ConcurrentQueue<DeviceNo> Slow { get; } = new();

    public void Slowed(PileSession session) => Slow.Enqueue(session.Device);
}
