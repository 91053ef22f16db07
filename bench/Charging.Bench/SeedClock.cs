namespace Charging.Bench;

/// <summary>A clock that goes on by the same step whenever it is read, up to an end: so the operations of a store are spread over the past.</summary>
internal sealed class SeedClock(DateTimeOffset begin, TimeSpan step, DateTimeOffset end) : TimeProvider
{
    private long _reads;

    public override DateTimeOffset GetUtcNow()
    {
        var now = begin + step * Interlocked.Increment(ref _reads);
        return now < end ? now : end;
    }
}
