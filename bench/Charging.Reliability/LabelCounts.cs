using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Charging.Server.Telemetry;

namespace Charging.Reliability;

/// <summary>What a counter of the server has counted, by its label.</summary>
internal sealed class LabelCounts : IDisposable
{
    private readonly MeterListener _listener = new();
    private ConcurrentDictionary<string, long> _counts = new();

    /// <param name="counter">The counter's name, such as `charging.limited`.</param>
    public LabelCounts(string counter)
    {
        // By its name: while the server's counters are being made, there is none to compare with.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == ServerMeter.Name && instrument.Name == counter)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, count, tags, _) => _counts.AddOrUpdate((string)tags[0].Value!, count, (_, known) => known + count));
        _listener.Start();
    }

    /// <summary>By label.</summary>
    public Dictionary<string, long> Counts => new(_counts);

    /// <summary>What was counted since this was asked last.</summary>
    public Dictionary<string, long> Take() => new(Interlocked.Exchange(ref _counts, new()));

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}
