using System.Buffers;
using System.Collections.Concurrent;
using Charging.Device.V1;

namespace Charging.MqttBroker;

/// <summary>
/// What the messages of an external broker say of the piles' connections, of which it tells nothing itself: a new
/// <c>connectionId</c> is a new connection, and its will is its end.
/// </summary>
internal sealed class ExternalPiles(PileMailbox mailbox, PileBrokerOptions options, BrokerMetrics metrics, TimeProvider clock)
{
    private static readonly TimeSpan FloodReportInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<DeviceNo, KnownPile> _piles = new();
    private long _lastNumber;

    /// <summary>The form that a pile used last.</summary>
    public MessageForm FormOf(DeviceNo device) => _piles.TryGetValue(device, out var pile) ? pile.Form.Last : MessageForm.Json;

    /// <summary>Takes a message in. Others may follow at once; the task ends when the message can be acknowledged to the broker.</summary>
    public Task ReceiveAsync(string name, ReadOnlySequence<byte> bytes, bool isRetained)
    {
        if (!Topics.TryRead(name, out var device, out var topic) || mailbox.Admit(device) is not { } generation)
            return Task.CompletedTask;
        var pile = _piles.GetOrAdd(device, _ => new KnownPile(new FloodGuard(options, clock)));
        var stranger = new PileSession(device, 0, generation);
        if (!IsInRate(pile, stranger))
            return Task.CompletedTask;
        var payload = bytes.ToArray();
        switch (topic)
        {
            // What it says does not matter, see below; and at the start there is one of each pile.
            case PileTopic.Status when isRetained && pile.Session is null:
                mailbox.Remembered(device);
                return Task.CompletedTask;
            case PileTopic.Status when pile.Form.TryRead(PileStatus.Parser, payload, out var status) && mailbox.IsReadable(device, status):
                lock (pile)
                    StatusReceived(pile, stranger, status, isRetained);
                return Task.CompletedTask;
            case PileTopic.Telemetry when pile.Form.TryRead(PileTelemetry.Parser, payload, out var telemetry):
                mailbox.TelemetryReceived(SessionOf(pile, device, generation), telemetry);
                return Task.CompletedTask;
            case PileTopic.Events when pile.Form.TryRead(PileEvent.Parser, payload, out var pileEvent) && pileEvent.EventId > 0:
                return HandleAsync(pile, () => mailbox.EventReceivedAsync(SessionOf(pile, device, generation), pileEvent));
            case PileTopic.Results when pile.Form.TryRead(CommandResult.Parser, payload, out var result):
                return HandleAsync(pile, () => mailbox.ResultReceivedAsync(SessionOf(pile, device, generation), result));
            case var _ when !isRetained:
                mailbox.Unreadable(SessionOf(pile, device, generation), name, payload);
                return Task.CompletedTask;
            default:
                return Task.CompletedTask;
        }
    }

    private void StatusReceived(KnownPile pile, PileSession stranger, PileStatus status, bool wasKept)
    {
        if (wasKept && status.Online)
        {
            // It proves nothing about now, not even when this node has heard it itself: it was cut off since.
            mailbox.Remembered(stranger.Device);
            return;
        }

        var isOfAnother = pile.Last is { } before && (!before.Online || before.ConnectionId != status.ConnectionId);
        if (pile.Session is null || (status.Online && (isOfAnother || pile.Session.SecretGeneration != stranger.SecretGeneration)))
            Begin(pile, stranger);
        mailbox.StatusReceived(pile.Session!, status);
        if (!status.Online && isOfAnother)
            return;
        pile.Last = status;
        if (!status.Online)
            mailbox.Disconnected(pile.Session!);
    }

    private PileSession SessionOf(KnownPile pile, DeviceNo device, int generation)
    {
        lock (pile)
        {
            // The first event of a board with a new secret may come before its first status, and counts anew.
            if (pile.Session?.SecretGeneration != generation)
                Begin(pile, new PileSession(device, 0, generation));
            return pile.Session!;
        }
    }

    private void Begin(KnownPile pile, PileSession session)
    {
        pile.Session = session with { Number = Interlocked.Increment(ref _lastNumber) };
        mailbox.Connected(pile.Session);
    }

    // One pile's flood costs that pile alone: it sends again what nobody answers, and a status every minute.
    private bool IsInRate(KnownPile pile, PileSession stranger)
    {
        bool isFlooding;
        lock (pile)
        {
            var now = clock.GetTimestamp();
            if (pile.Flood.TryCharge(now))
                return true;
            isFlooding = pile.Flood.IsFlooding && (pile.FloodReportedAt is not { } before || clock.GetElapsedTime(before, now) >= FloodReportInterval);
            if (isFlooding)
                pile.FloodReportedAt = now;
        }
        mailbox.Dropped(stranger);
        if (isFlooding)
            mailbox.Flooding(stranger.Device);
        return false;
    }

    private async Task HandleAsync(KnownPile pile, Func<Task> handle)
    {
        try
        {
            // More of one pile at a time would be at the cost of others; it sends again what nobody answers.
            if (Interlocked.Increment(ref pile.InFlight) <= options.MaxMessagesInFlight)
                await handle();
            else
                metrics.Dropped("in_flight");
        }
        finally
        {
            Interlocked.Decrement(ref pile.InFlight);
        }
    }

    /// <summary>What is known of a pile. The lock of the object guards all but the form and the messages in flight.</summary>
    private sealed class KnownPile(FloodGuard flood)
    {
        public FloodGuard Flood => flood;

        /// <summary>When the listener was last told that the pile sends too much, by the clock's timestamp.</summary>
        public long? FloodReportedAt { get; set; }

        public PileSession? Session { get; set; }

        /// <summary>The last status of the session, or its will.</summary>
        public PileStatus? Last { get; set; }

        public PileForm Form { get; } = new();

        public int InFlight;
    }
}
