using Charging.Device.V1;

namespace Charging.PileSimulator;

/// <summary>
/// What a pile still knows after a power cut: events that nobody acknowledged, answers to commands, and the
/// charges that were running. Give the same memory to a new <see cref="SimulatedPile"/> to go on as the same board.
/// </summary>
/// <param name="firstEventId">
/// First event id. A server knows duplicates by event id for 30 days, so a process that does not keep its piles'
/// memories takes <see cref="OfNewProcess"/>; a new board starts at 1.
/// </param>
public sealed class PileMemory(uint firstEventId = 1)
{
    private const int RememberedAnswers = 256;

    private readonly Queue<string> _answerOrder = new();

    /// <summary>A memory whose event ids begin at the Unix second, above those of an earlier process.</summary>
    public static PileMemory OfNewProcess(TimeProvider time) => new((uint)time.GetUtcNow().ToUnixTimeSeconds());

    internal uint NextEventId { get; private set; } = firstEventId;

    internal SortedDictionary<uint, KeptEvent> Unacknowledged { get; } = [];

    /// <summary>Answer to each command seen; null while it is being obeyed.</summary>
    internal Dictionary<string, CommandResult?> Answers { get; } = [];

    internal Dictionary<uint, Charge> Running { get; } = [];

    internal Dictionary<string, int> StartsObeyed { get; } = [];

    internal uint TakeEventId() => NextEventId++;

    internal void Remember(string commandId)
    {
        Answers.Add(commandId, null);
        _answerOrder.Enqueue(commandId);
        if (_answerOrder.Count > RememberedAnswers) Answers.Remove(_answerOrder.Dequeue());
    }

    /// <summary>A command that was cut off by a reboot is taken anew when it comes again.</summary>
    internal void ForgetUnanswered()
    {
        var answered = _answerOrder.Where(id => Answers[id] is not null).ToList();
        foreach (var id in _answerOrder.Except(answered)) Answers.Remove(id);
        _answerOrder.Clear();
        answered.ForEach(_answerOrder.Enqueue);
    }
}

/// <summary>An event until its acknowledgement.</summary>
internal sealed class KeptEvent(PileEvent @event, TimeSpan since)
{
    public PileEvent Event { get; } = @event;

    /// <summary>When it happened by the monotonic clock; after a reboot that clock only knows "before the boot".</summary>
    public TimeSpan Since { get; set; } = since;

    public TimeSpan ResendAfter { get; set; }

    /// <summary>Counts the sendings, so that an older timer knows that it is out of date.</summary>
    public int Sendings { get; set; }
}
