using Charging.Device.V1;

namespace Charging.PileSimulator;

/// <summary>
/// A pile over a real MQTT connection that behaves by docs/device-protocol.md, and misbehaves by
/// <see cref="Faults"/>. The verbs are what happens to a real one. Thread-safe; plugs count from 1, and a plug
/// that does not exist is an <see cref="ArgumentOutOfRangeException"/>.
/// </summary>
public sealed partial class SimulatedPile : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Agenda _agenda;
    private readonly PileBoard _board;
    private readonly EventJournal _journal;
    private readonly ChargeControl _charges;
    private readonly CommandHandler _commands;
    private readonly PileLink _link;
    private Task? _running;
    private bool _linkUp = true;
    private bool _statusTaken;

    /// <summary>Makes the pile and boots it; it connects at <see cref="Start"/>.</summary>
    public SimulatedPile(SimulatedPileOptions options, PileMemory? memory = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.PlugCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.PlugCount, 99);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Speed);
        Options = options;
        _link = new PileLink(options, this);
        _agenda = new Agenda(options.TimeProvider, () => Do(() => _agenda!.RunDue()));
        _board = new PileBoard(options, memory ?? new PileMemory(), _agenda, _link.Send);
        _journal = new EventJournal(_board);
        _charges = new ChargeControl(_board, _journal);
        _commands = new CommandHandler(_board, _journal, _charges, Restart);
        Boot();
    }

    /// <summary>What the pile was made with.</summary>
    public SimulatedPileOptions Options { get; }

    /// <summary>How it misbehaves from now on.</summary>
    public PileFaults Faults
    {
        get { lock (_lock) return _board.Faults; }
        set => Do(() => _board.Faults = value);
    }

    /// <summary>Begins to connect, and connects again until the pile is disposed. A second call changes nothing.</summary>
    public void Start() => _running ??= Task.Run(() => _link.RunAsync(_stop.Token));

    /// <summary><see cref="Start"/>, and waits until the broker has taken the first status.</summary>
    public Task StartAsync(TimeSpan? deadline = null)
    {
        Start();
        return WaitUntilAsync("connected", pile => pile.IsConnected, deadline);
    }

    /// <summary>A vehicle is plugged in.</summary>
    public void PlugIn(int plug) => Do(plug, it =>
    {
        it.VehicleConnected = true;
        _board.SendStatus();
    });

    /// <summary>The vehicle is unplugged; a charge ends with UNPLUGGED.</summary>
    public void Unplug(int plug) => Do(plug, it =>
    {
        it.VehicleConnected = false;
        it.Finished = null;
        if (it.Running is null) _board.SendStatus();
        else _charges.End(it, EndReason.Unplugged);
    });

    /// <summary>The battery is full; the charge ends with FULL.</summary>
    public void BatteryFull(int plug) => EndCharge(plug, EndReason.Full);

    /// <summary>The charge ends at the pile, for any reason. Nothing happens when there is none.</summary>
    public void EndCharge(int plug, EndReason reason) => Do(plug, it => _charges.End(it, reason));

    /// <summary>The plug breaks; a charge ends with FAULT.</summary>
    public void BreakPlug(int plug, string cause = "relay stuck") => Do(plug, it =>
    {
        it.Fault = cause;
        if (it.Running is null) _board.SendStatus();
        else _charges.End(it, EndReason.Fault);
    });

    /// <summary>The plug works again.</summary>
    public void RepairPlug(int plug) => Do(plug, it =>
    {
        it.Fault = null;
        _board.SendStatus();
    });

    /// <summary>An alarm is raised, or cleared. The pile only tells; what to stop is the server's decision.</summary>
    /// <param name="code">What it is about.</param>
    /// <param name="plug">The plug; 0 is the whole pile.</param>
    /// <param name="raised">False clears it.</param>
    /// <returns>The event's id.</returns>
    public uint RaiseAlarm(AlarmCode code, int plug = 0, bool raised = true) => Raise(new PileEvent
    {
        Alarm = new Alarm { Code = code, Plug = (uint)plug, Severity = AlarmSeverity.Critical, Raised = raised },
    });

    /// <summary>Somebody chooses a plug, which need not exist, and holds a card to the reader.</summary>
    /// <returns>The event's id, which the server's decision names.</returns>
    public uint Swipe(int plug, string cardNo) =>
        Raise(new PileEvent { CardSwiped = new CardSwiped { Plug = (uint)plug, CardNo = cardNo } });

    /// <summary><see cref="Swipe"/>, and waits for the server's decision.</summary>
    public async Task<CardDecision> SwipeAsync(int plug, string cardNo, TimeSpan? deadline = null)
    {
        var eventId = Swipe(plug, cardNo);
        var command = await WaitForCommandAsync(it => it.CardDecision?.EventId == eventId, deadline).ConfigureAwait(false);
        return command.CardDecision;
    }

    /// <summary>Sends a status now.</summary>
    public void SendStatus() => Do(_board.SendStatus);

    /// <summary>The firmware starts again at once: charges end with POWER_LOSS, the connection is dropped and made again.</summary>
    public void Reboot() => Do(Restart);

    /// <summary>The supply is gone until <see cref="RestorePower"/>. The connection drops without DISCONNECT.</summary>
    public void CutPower() => Do(PowerOff);

    /// <summary>The supply is back: the pile boots and reports the charges that it lost.</summary>
    public void RestorePower() => Do(() =>
    {
        if (!_board.Powered) Boot();
    });

    /// <summary>The mobile link is gone until <see cref="RestoreLink"/>; charges go on. The connection drops without DISCONNECT.</summary>
    public void CutLink() => Do(() =>
    {
        _linkUp = false;
        _board.ConnectionClosed();
        _link.Cut();
    });

    /// <summary>The mobile link is back.</summary>
    public void RestoreLink() => Do(() => _linkUp = true);

    /// <summary>Drops the connection without DISCONNECT, as a pile does whose supply is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        Do(PowerOff);
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_running is not null) await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _agenda.Dispose();
        _stop.Dispose();
    }

    private uint Raise(PileEvent what)
    {
        uint eventId = 0;
        Do(() => eventId = _board.Powered ? _journal.Raise(what) : throw new InvalidOperationException("the pile has no power"));
        return eventId;
    }

    private void Boot()
    {
        _board.PowerOn();
        _journal.Boot();
        _charges.Boot();
    }

    private void PowerOff()
    {
        _charges.PowerOff();
        _board.PowerOff();
        _link.Cut();
    }

    private void Restart()
    {
        PowerOff();
        Boot();
    }

    private void Do(int plug, Action<PilePlug> verb) => Do(() => verb(Find(plug)));

    private PilePlug Find(int plug) => _board.Plug((uint)plug) ?? throw new ArgumentOutOfRangeException(nameof(plug), plug, null);

    private void Do(Action verb)
    {
        lock (_lock) verb();
        _changed.Raise();
    }
}
