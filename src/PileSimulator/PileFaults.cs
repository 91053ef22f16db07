using Charging.Device.V1;

namespace Charging.PileSimulator;

/// <summary>How a pile misbehaves. Taken as a whole: <c>pile.Faults = new() { Silent = true }</c>.</summary>
public sealed record PileFaults
{
    /// <summary>Commands are received and nothing else: not obeyed, not answered. Statuses go on.</summary>
    public bool Silent { get; init; }

    /// <summary>Commands are obeyed, but their results are never sent.</summary>
    public bool LoseResults { get; init; }

    /// <summary>Every start is rejected for this reason.</summary>
    public RejectReason? RejectStarts { get; init; }

    /// <summary>Time between obeying a command and sending its result.</summary>
    public TimeSpan AnswerDelay { get; init; }

    /// <summary>Share of the results that <see cref="AnswerDelay"/> holds back, 0 to 1.</summary>
    public double AnswerDelayShare { get; init; } = 1;

    /// <summary>Time between receiving a start, when its expiry is judged, and obeying it.</summary>
    public TimeSpan StartDelay { get; init; }

    /// <summary>Every event is sent twice.</summary>
    public bool DuplicateEvents { get; init; }

    /// <summary>Acknowledgements of events are ignored, so that the events come again and again.</summary>
    public bool DropEventAcks { get; init; }

    /// <summary>The chargeStarted goes out before the result of the command that caused it.</summary>
    public bool EventsBeforeResult { get; init; }

    /// <summary>Added to every time that the pile tells. It still judges expiry by the right time.</summary>
    public TimeSpan ClockError { get; init; }

    /// <summary>Statuses do not name orders, charging plugs look merely connected, and no chargeEnded is sent.</summary>
    public bool ForgetOrders { get; init; }

    /// <summary>Every status skips a number.</summary>
    public bool SkipSeq { get; init; }
}
