using Charging.Device.V1;
using Google.Protobuf;

namespace Charging.PileSimulator;

/// <summary>What a test or a person can see of the pile, and what its connection tells it.</summary>
public sealed partial class SimulatedPile
{
    private const int KeptCommands = 500;

    /// <summary>How long a wait lasts when no deadline is named.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(10);

    private readonly Signal _changed = new();
    private readonly Queue<Command> _received = new();

    /// <summary>Whether the broker has taken a status on the present connection.</summary>
    public bool IsConnected
    {
        get { lock (_lock) return _board.Connected && _statusTaken; }
    }

    /// <summary>Whether the server has set the clock on the present connection; before that nothing starts.</summary>
    public bool IsClockSet
    {
        get { lock (_lock) return _board.Connected && _board.Clock.IsSetOnThisConnection; }
    }

    /// <summary>Why there is no connection, as far as is known; null when nothing went wrong.</summary>
    public string? LinkError => _link.Error;

    /// <summary>The present boot.</summary>
    public string BootId
    {
        get { lock (_lock) return _board.BootId; }
    }

    /// <summary>The newest 500 commands, repeated ones too, oldest first.</summary>
    public IReadOnlyList<Command> Received
    {
        get { lock (_lock) return [.. _received]; }
    }

    /// <summary>Events that the server has not acknowledged, oldest first.</summary>
    public IReadOnlyList<PileEvent> Unacknowledged
    {
        get { lock (_lock) return [.. _board.Memory.Unacknowledged.Values.Select(kept => kept.Event.Clone())]; }
    }

    /// <summary>What has happened so far.</summary>
    public PileTotals Totals
    {
        get { lock (_lock) return _board.Totals; }
    }

    /// <summary>What the plug really does, whatever the faults make the pile say.</summary>
    public PlugStatus Plug(int plug)
    {
        lock (_lock) return Find(plug).Status(_agenda.Now);
    }

    /// <summary>How often a relay was closed for the order. More than once is a fault of the server or the pile.</summary>
    public int StartsObeyed(string orderNo)
    {
        lock (_lock) return _board.Memory.StartsObeyed.GetValueOrDefault(orderNo);
    }

    /// <summary>The first command of <see cref="Received"/>, now or by the deadline, that fits.</summary>
    /// <exception cref="TimeoutException">None came in time (real time; by default <see cref="DefaultDeadline"/>).</exception>
    public async Task<Command> WaitForCommandAsync(Func<Command, bool> fits, TimeSpan? deadline = null)
    {
        Command? found = null;
        await WaitUntilAsync("a command that fits", pile => (found = pile.Received.FirstOrDefault(fits)) is not null, deadline)
            .ConfigureAwait(false);
        return found!;
    }

    /// <summary>Waits until the pile is as the condition says.</summary>
    /// <param name="what">The condition in words, for the exception.</param>
    /// <param name="condition">Asked again after everything that happens to the pile.</param>
    /// <param name="deadline">Real time; by default <see cref="DefaultDeadline"/>.</param>
    /// <exception cref="TimeoutException">It did not become so in time.</exception>
    public async Task WaitUntilAsync(string what, Func<SimulatedPile, bool> condition, TimeSpan? deadline = null)
    {
        using var timeout = new CancellationTokenSource(deadline ?? DefaultDeadline);
        try
        {
            await _changed.WaitAsync(() => condition(this), timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"pile {Options.DeviceNo}: waited in vain for: {what}. Link: {LinkError ?? "no error"}");
        }
    }

    internal Task WhenUpAsync(CancellationToken cancel) => _changed.WaitAsync(IsUp, cancel);

    internal PileStatus? Connecting()
    {
        lock (_lock)
        {
            _statusTaken = false;
            return _linkUp && _board.Powered ? _board.Connecting() : null;
        }
    }

    internal void ConnectionOpened() => Do(() =>
    {
        if (!_board.Attached) return; // cut in this very moment
        _board.ConnectionOpened();
        _journal.ResendAll();
    });

    internal void ConnectionClosed() => Do(_board.ConnectionClosed);

    internal void Published(IMessage message)
    {
        if (message is PileStatus && !_statusTaken) Do(() => _statusTaken = true);
    }

    internal void Handle(byte[] payload) => Do(() =>
    {
        if (!_board.Attached) return; // the last packets of a connection that was cut
        if (PileWire.DecodeCommand(payload) is not { } command)
        {
            _board.Totals = _board.Totals with { Unreadable = _board.Totals.Unreadable + 1 };
            return;
        }
        _received.Enqueue(command);
        if (_received.Count > KeptCommands) _received.Dequeue();
        _commands.Handle(command);
    });

    private bool IsUp()
    {
        lock (_lock) return _linkUp && _board.Powered;
    }
}
