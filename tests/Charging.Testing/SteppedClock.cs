using Microsoft.Extensions.Time.Testing;

namespace Charging.Testing;

/// <summary>A machine whose wall clock is set, by a person or by NTP, while its monotonic clock goes on as time does.</summary>
public sealed class SteppedClock(DateTimeOffset beginning) : FakeTimeProvider(beginning)
{
    private long _stepTicks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Volatile.Read(ref _stepTicks));

    /// <inheritdoc/>
    public override long GetTimestamp() => base.GetUtcNow().UtcTicks;

    /// <summary>Sets the wall clock forward, or back.</summary>
    public void Step(TimeSpan by) => Interlocked.Add(ref _stepTicks, by.Ticks);
}
