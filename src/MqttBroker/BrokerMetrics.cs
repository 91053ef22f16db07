using System.Diagnostics.Metrics;

namespace Charging.MqttBroker;

/// <summary>The counters of the broker, meter <see cref="MeterName"/>.</summary>
public sealed class BrokerMetrics
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "Charging.MqttBroker";

    private readonly Meter _meter;
    private readonly Counter<long> _cuts;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _unreadable;
    private readonly Counter<long> _slowed;
    private readonly Counter<long> _dropped;

    /// <summary>Makes the counters.</summary>
    public BrokerMetrics(IMeterFactory factory)
    {
        var meter = _meter = factory.Create(MeterName);
        _refusals = meter.CreateCounter<long>("charging.mqtt.connections.refused", "{connection}", "Connections that were answered with a refusal, by reason.");
        _cuts = meter.CreateCounter<long>("charging.mqtt.connections.cut", "{connection}", "Connections that the broker ended, by reason.");
        _unreadable = meter.CreateCounter<long>("charging.mqtt.messages.unreadable", "{message}", "Messages that are neither form of their topic's type.");
        _slowed = meter.CreateCounter<long>("charging.mqtt.piles.slowed", "{wait}", "Waits of piles that send too fast.");
        _dropped = meter.CreateCounter<long>("charging.mqtt.messages.dropped", "{message}", "Messages over an external broker that were dropped because their pile sends too many, by reason.");
    }

    /// <summary>Shows what the broker has open now.</summary>
    internal void Watch(Func<int> connections, Func<int> pending, Func<int> unacknowledged)
    {
        _meter.CreateObservableGauge("charging.mqtt.connections", connections, "{connection}", "Piles that are connected.");
        _meter.CreateObservableGauge("charging.mqtt.connections.pending", pending, "{connection}", "Connections that have not said who they are.");
        _meter.CreateObservableGauge("charging.mqtt.commands.unacknowledged", unacknowledged, "{command}", "Commands that were sent and not acknowledged.");
    }

    internal void Refused(string reason) => _refusals.Add(1, new KeyValuePair<string, object?>("reason", reason));

    internal void Cut(string reason) => _cuts.Add(1, new KeyValuePair<string, object?>("reason", reason));

    internal void Unreadable() => _unreadable.Add(1);

    internal void Slowed() => _slowed.Add(1);

    internal void Dropped(string reason) => _dropped.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
