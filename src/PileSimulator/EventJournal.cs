using Charging.Device.V1;

namespace Charging.PileSimulator;

/// <summary>Keeps each event until the server's acknowledgement, and sends it again until then.</summary>
internal sealed class EventJournal(PileBoard board)
{
    private static readonly TimeSpan LongestResend = TimeSpan.FromMinutes(10);

    private readonly SortedDictionary<uint, KeptEvent> _kept = board.Memory.Unacknowledged;

    /// <param name="what">The event without its header.</param>
    /// <returns>The event's id.</returns>
    public uint Raise(PileEvent what)
    {
        what.EventId = board.Memory.TakeEventId();
        what.BootId = board.BootId;
        what.OccurredAt = board.ToldTime;
        var kept = new KeptEvent(what, board.Agenda.Now) { ResendAfter = board.Options.FirstResend };
        _kept.Add(what.EventId, kept);
        Send(kept);
        return what.EventId;
    }

    public void Acknowledge(uint eventId) => _kept.Remove(eventId);

    public void Boot()
    {
        foreach (var kept in _kept.Values) kept.Since = board.Agenda.Now;
    }

    public void ResendAll()
    {
        foreach (var kept in _kept.Values)
        {
            kept.ResendAfter = board.Options.FirstResend;
            Send(kept);
        }
    }

    private void Send(KeptEvent kept)
    {
        if (!board.Connected) return; // the next connect sends it
        var sending = ++kept.Sendings;
        var message = kept.Event.Clone();
        message.AgeMs = (uint)Math.Min(uint.MaxValue, (board.Agenda.Now - kept.Since).TotalMilliseconds);
        board.Send(message);
        if (board.Faults.DuplicateEvents) board.Send(message);
        board.Agenda.In(kept.ResendAfter, () => ResendIfKept(kept, sending));
    }

    private void ResendIfKept(KeptEvent kept, int sending)
    {
        if (kept.Sendings != sending || !_kept.ContainsKey(kept.Event.EventId)) return;
        kept.ResendAfter = TimeSpan.FromTicks(Math.Min(kept.ResendAfter.Ticks * 2, LongestResend.Ticks));
        Send(kept);
    }
}
