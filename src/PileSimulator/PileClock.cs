namespace Charging.PileSimulator;

/// <summary>The pile's clock: nothing until the server sets it, and counted on by the monotonic clock from then on.</summary>
internal sealed class PileClock(Agenda agenda)
{
    private DateTimeOffset _atZero = DateTimeOffset.UnixEpoch;

    /// <summary>Whether it was set since the boot.</summary>
    public bool IsSet { get; private set; }

    /// <summary>Whether it was set on the present connection; before that nothing is started.</summary>
    public bool IsSetOnThisConnection { get; private set; }

    public DateTimeOffset Now => _atZero + agenda.Now;

    public void Set(DateTimeOffset now)
    {
        _atZero = now - agenda.Now;
        IsSet = IsSetOnThisConnection = true;
    }

    public void NewConnection() => IsSetOnThisConnection = false;

    public void Boot()
    {
        _atZero = DateTimeOffset.UnixEpoch - agenda.Now;
        IsSet = IsSetOnThisConnection = false;
    }
}
