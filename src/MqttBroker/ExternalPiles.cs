using System.Buffers;
using System.Collections.Concurrent;
using Charging.Device.V1;
using MQTTnet;

namespace Charging.MqttBroker;

/// <summary>
/// What the messages of an external broker say of the piles' connections, of which it tells nothing itself: a new
/// <c>connectionId</c> is a new connection, and its will is its end.
/// </summary>
internal sealed class ExternalPiles(PileMailbox mailbox, PileBrokerOptions options, BrokerMetrics metrics)
{
    private readonly ConcurrentDictionary<DeviceNo, KnownPile> _piles = new();
    private long _lastNumber;

    /// <summary>The form that a pile used last.</summary>
    public MessageForm FormOf(DeviceNo device) => _piles.TryGetValue(device, out var pile) ? pile.Form : MessageForm.Json;

    /// <summary>Takes a message in. The task ends when the next one may come.</summary>
    public Task ReceiveAsync(MqttApplicationMessageReceivedEventArgs e)
    {
        var payload = e.ApplicationMessage.Payload.ToArray();
        if (!Topics.TryRead(e.ApplicationMessage.Topic, out var device, out var topic) || mailbox.Admit(device) is not { } generation)
            return Task.CompletedTask;
        var pile = _piles.GetOrAdd(device, _ => new KnownPile());
        // An empty message is how a broker is told to forget a retained one.
        if (payload.Length > 0)
            pile.Form = Codec.FormOf(payload);
        switch (topic)
        {
            case PileTopic.Status when Codec.TryRead(PileStatus.Parser, payload, out var status) && mailbox.IsReadable(device, status):
                lock (pile)
                    StatusReceived(pile, new PileSession(device, 0, generation), status, e.ApplicationMessage.Retain);
                break;
            case PileTopic.Telemetry when Codec.TryRead(PileTelemetry.Parser, payload, out var telemetry):
                mailbox.TelemetryReceived(SessionOf(pile, device, generation), telemetry);
                break;
            case PileTopic.Events when Codec.TryRead(PileEvent.Parser, payload, out var pileEvent):
                Handle(pile, e, () => mailbox.EventReceivedAsync(SessionOf(pile, device, generation), pileEvent));
                break;
            case PileTopic.Results when Codec.TryRead(CommandResult.Parser, payload, out var result):
                Handle(pile, e, () => mailbox.ResultReceivedAsync(SessionOf(pile, device, generation), result));
                break;
            case var _ when !e.ApplicationMessage.Retain:
                mailbox.Unreadable(SessionOf(pile, device, generation), e.ApplicationMessage.Topic, payload);
                break;
        }

        return Task.CompletedTask;
    }

    private void StatusReceived(KnownPile pile, PileSession stranger, PileStatus status, bool wasKept)
    {
        if (wasKept && (pile.Session is null || status.Online))
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

    /// <summary>Handles what is acknowledged to the broker when the listener is done with it.</summary>
    private void Handle(KnownPile pile, MqttApplicationMessageReceivedEventArgs e, Func<Task> tell)
    {
        // More of one pile at a time would be at the cost of others; it says again what nobody answers.
        if (Interlocked.Increment(ref pile.InFlight) > options.MaxMessagesInFlight)
        {
            Interlocked.Decrement(ref pile.InFlight);
            metrics.Slowed();
            return;
        }

        e.AutoAcknowledge = false;
        _ = HandleAsync();

        async Task HandleAsync()
        {
            try
            {
                await tell();
                await e.AcknowledgeAsync(CancellationToken.None);
            }
            catch (Exception)
            {
                // The mailbox lets no fault through: it is the connection that has ended, and the broker gives the message to another node.
            }
            finally
            {
                Interlocked.Decrement(ref pile.InFlight);
            }
        }
    }

    /// <summary>What is known of a pile. The lock of the object guards the session and the last status.</summary>
    private sealed class KnownPile
    {
        public PileSession? Session { get; set; }

        /// <summary>The last status of the session, or its will.</summary>
        public PileStatus? Last { get; set; }

        public volatile MessageForm Form;

        public int InFlight;
    }
}
