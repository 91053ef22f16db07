namespace Charging.MqttBroker;

/// <summary>
/// Limits how fast one pile may send: a bucket of tokens, one for each packet. For one thread at a time.
/// </summary>
internal sealed class FloodGuard(PileBrokerOptions options, TimeProvider clock)
{
    private readonly double _ticksPerToken = (double)clock.TimestampFrequency / options.PacketsPerSecond;
    private readonly TimeSpan _patience = TimeSpan.FromSeconds(options.FloodPatienceSeconds);
    private double _tokens = options.PacketBurst;
    private long _filledAt = clock.GetTimestamp();
    private long? _slowedSince;

    /// <summary>Whether the pile has kept on sending too fast for longer than the broker's patience.</summary>
    public bool IsFlooding { get; private set; }

    /// <summary>Charges one packet. Returns how long to wait before the next one is taken; zero most of the time.</summary>
    public TimeSpan Charge(long now)
    {
        Fill(now);
        _tokens--;
        Judge(now, isOver: _tokens < 0);
        return _tokens < 0 ? TimeSpan.FromSeconds(-_tokens / options.PacketsPerSecond) : TimeSpan.Zero;
    }

    /// <summary>Charges one packet if there is a token for it; without one it is to be dropped.</summary>
    public bool TryCharge(long now)
    {
        Fill(now);
        var isOver = _tokens < 1;
        if (!isOver)
            _tokens--;
        Judge(now, isOver);
        return !isOver;
    }

    private void Fill(long now)
    {
        _tokens = Math.Min(options.PacketBurst, _tokens + ((now - _filledAt) / _ticksPerToken));
        _filledAt = now;
    }

    private void Judge(long now, bool isOver)
    {
        // Half a bucket is a real pause; a flood that is merely slowed never gets there.
        if (isOver)
            _slowedSince ??= now;
        else if (_tokens >= options.PacketBurst / 2.0)
            _slowedSince = null;
        IsFlooding = _slowedSince is { } since && clock.GetElapsedTime(since, now) > _patience;
    }
}
