using Charging.Device.V1;
using MQTTnet;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Charging.MqttBroker;

/// <summary>One authenticated connection of a pile: what it may say, in which form, and the commands on their way to it.</summary>
internal sealed class PileConnection(PileSession session, PileChannel channel, PileBrokerOptions options, PileMailbox mailbox, MessageForm firstForm)
{
    // A firmware may send its first status before it subscribes; the answers to that status wait here.
    private const int MaxHeldCommands = 8;
    private readonly SemaphoreSlim _slots = new(options.MaxMessagesInFlight);
    private readonly Lock _sending = new();
    private readonly Lock _life = new();
    private readonly Queue<Command> _held = [];
    private readonly HashSet<string> _filters = [];
    private MqttSessionStatus? _queue;
    private MqttQualityOfServiceLevel _qos;
    private int _unacknowledged;
    private readonly PileForm _form = new(firstForm);
    private bool _told;
    private bool _ended;

    public PileSession Session => session;

    public PileChannel Channel => channel;

    public Topics Topics { get; } = new(session.Device);

    /// <summary>The form that the pile used last.</summary>
    public MessageForm Form => _form.Last;

    /// <summary>Commands that the pile has not acknowledged.</summary>
    public int Unacknowledged => Volatile.Read(ref _unacknowledged);

    /// <summary>Tells the listener of the connection, unless it has ended already.</summary>
    public void Begin()
    {
        lock (_life)
        {
            _told = !_ended;
            if (_told)
                mailbox.Connected(session);
        }
    }

    /// <summary>Tells the listener of the end, once, if it was told of the beginning.</summary>
    public void End()
    {
        lock (_life)
        {
            if (_told && !_ended)
                mailbox.Disconnected(session);
            _ended = true;
        }
    }

    /// <summary>It sends too fast.</summary>
    public void Slowed() => mailbox.Slowed(session);

    /// <summary>The pile has kept on sending too fast.</summary>
    public void Flooding() => mailbox.Flooding(session.Device);

    /// <summary>Delivers a message. The task ends when the pile's next message may be read.</summary>
    public ValueTask ReceiveAsync(PileTopic topic, ReadOnlySpan<byte> payload, CancellationToken cancellationToken)
    {
        switch (topic)
        {
            case PileTopic.Status when _form.TryRead(PileStatus.Parser, payload, out var status) && mailbox.IsReadable(session.Device, status):
                mailbox.StatusReceived(session, status);
                return default;
            case PileTopic.Telemetry when _form.TryRead(PileTelemetry.Parser, payload, out var telemetry):
                mailbox.TelemetryReceived(session, telemetry);
                return default;
            case PileTopic.Events when _form.TryRead(PileEvent.Parser, payload, out var pileEvent) && pileEvent.EventId > 0:
                return InSlotAsync(mailbox.EventReceivedAsync, pileEvent, cancellationToken);
            case PileTopic.Results when _form.TryRead(CommandResult.Parser, payload, out var result):
                return InSlotAsync(mailbox.ResultReceivedAsync, result, cancellationToken);
            default:
                mailbox.Unreadable(session, Topics[topic], payload.ToArray());
                return default;
        }
    }

    /// <summary>From now on commands go out, at the given quality; those that were held go first.</summary>
    public void Subscribed(string filter, MqttSessionStatus queue, MqttQualityOfServiceLevel qos)
    {
        lock (_sending)
        {
            _filters.Add(filter);
            (_queue, _qos) = (queue, qos);
            while (_held.TryDequeue(out var command))
                TryEnqueue(queue, command);
        }
    }

    /// <summary>The pile listens no more under this filter.</summary>
    public void Unsubscribed(string filter)
    {
        lock (_sending)
        {
            if (_filters.Remove(filter) && _filters.Count == 0)
                _queue = null;
        }
    }

    /// <summary>The pile has acknowledged a command.</summary>
    public void Acknowledged()
    {
        lock (_sending)
            _unacknowledged--;
    }

    /// <summary>Hands a command to the connection. False when it takes nothing more.</summary>
    public bool TrySend(Command command)
    {
        lock (_sending)
        {
            if (_queue is not null)
                return TryEnqueue(_queue, command);
            if (_held.Count >= MaxHeldCommands)
                return false;
            _held.Enqueue(command);
            return true;
        }
    }

    // MQTTnet keeps what is not acknowledged without bound, so the bound is here.
    private bool TryEnqueue(MqttSessionStatus queue, Command command)
    {
        if (_unacknowledged >= options.MaxCommandsInFlight || queue.PendingApplicationMessagesCount >= options.MaxCommandsInFlight)
            return false;
        var message = new MqttApplicationMessage
        {
            Topic = Topics.Commands,
            PayloadSegment = Codec.Write(command, Form),
            QualityOfServiceLevel = _qos,
        };
        try
        {
            if (!queue.TryEnqueueApplicationMessage(message, out _))
                return false;
        }
        catch (ObjectDisposedException)
        {
            // The connection has just ended.
            return false;
        }

        if (_qos != MqttQualityOfServiceLevel.AtMostOnce)
            _unacknowledged++;
        return true;
    }

    private async ValueTask InSlotAsync<T>(Func<PileSession, T, Task> handle, T message, CancellationToken cancellationToken)
    {
        if (!_slots.Wait(0))
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, channel.WhenCut);
            await _slots.WaitAsync(either.Token);
        }

        _ = HandleAsync(handle, message);
    }

    private async Task HandleAsync<T>(Func<PileSession, T, Task> handle, T message)
    {
        try
        {
            await handle(session, message);
        }
        finally
        {
            _slots.Release();
        }
    }
}
