namespace Charging.MqttBroker;

/// <summary>
/// Whether this node can keep events, as the listener says when it is asked. It takes a while until no is believed: a store
/// that is slow, or away for a moment, costs less than events that nobody takes.
/// </summary>
internal sealed class KeepWatch(PileMailbox mailbox)
{
    private const int MostFailures = 5;

    private Task<bool> _asked = Task.FromResult(true);
    private int _failures;

    /// <summary>Whether it can.</summary>
    public bool Keeps => _failures < MostFailures;

    /// <summary>The listener's fault, if it had one.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Looks at the answer to the last question, which is no as long as there is none, and asks again.</summary>
    /// <returns>Whether <see cref="Keeps"/> has changed.</returns>
    public bool Look()
    {
        var before = Keeps;
        _failures = _asked is { IsCompletedSuccessfully: true, Result: true } ? 0 : _failures + 1;
        Fault = _asked.Exception;
        if (_asked.IsCompleted)
            _asked = mailbox.CanKeepAsync();
        return Keeps != before;
    }
}
