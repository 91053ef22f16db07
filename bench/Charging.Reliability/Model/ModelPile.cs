using System.Globalization;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Piles;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Reliability.Model;

/// <summary>
/// A pile as device-protocol.md describes it, and as its plan breaks it. What it does to its plugs is the truth that the
/// server's word is compared with. The line between it and the server is in the other half.
/// </summary>
internal sealed partial class ModelPile(World world, PilePlan plan, int number)
{
    public const int PlugCount = 2;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestResend = TimeSpan.FromMinutes(10);
    private const uint PowerW = 800;

    private readonly Random _random = new(plan.Seed);
    private readonly ModelPlug[] _plugs = [.. Enumerable.Range(1, PlugCount).Select(plug => new ModelPlug(plug))];

    // What survives a power cut.
    private readonly SortedDictionary<uint, KeptEvent> _kept = [];
    private readonly Dictionary<string, CommandResult?> _answers = [];
    private uint _events;

    private string _boot = "";
    private int _boots;
    private bool _isDead;
    private bool _isCalm;

    public DeviceNo Device { get; } = DeviceNo.Parse((0x14441AC500 + number).ToString("X10", CultureInfo.InvariantCulture));

    /// <summary>How often the relay was closed for each order.</summary>
    public Dictionary<string, int> Obeyed { get; } = [];

    /// <summary>The end records that the server has acknowledged, by order and plug; more than one of them only when it is hostile.</summary>
    public Dictionary<(string OrderNo, int Plug), List<ModelRecord>> Recorded { get; } = [];

    /// <summary>Orders and plugs for which it has raised an end record.</summary>
    public HashSet<(string OrderNo, int Plug)> Ended { get; } = [];

    /// <summary>Orders whose start it has rejected.</summary>
    public HashSet<string> Rejected { get; } = [];

    /// <summary>How often a card was held to it, by card.</summary>
    public Dictionary<string, int> Swipes { get; } = [];

    /// <summary>Plugs about which it has said what is not so, or forgotten what was.</summary>
    public HashSet<int> LiedAbout { get; } = [];

    /// <summary>Whether everything that it must tell was told, or it never will.</summary>
    public bool IsQuiet => _isDead || (_kept.Count == 0 && _plugs.All(plug => plug.Running is null));

    public PlugId PlugAt(int place) => new(Device, 1 + (place / world.Piles.Count % PlugCount));

    /// <summary>Whether a relay is closed for an order.</summary>
    public bool IsCharging(string orderNo) => _plugs.Any(plug => plug.Running?.OrderNo == orderNo);

    /// <summary>A rider holds a card to it.</summary>
    public void Swipe(int plug, string card)
    {
        if (_isDead)
            return;
        Swipes[card] = Swipes.GetValueOrDefault(card) + 1;
        var swiped = new PileEvent { CardSwiped = new CardSwiped { Plug = (uint)plug, CardNo = card } };
        Raise(swiped);
        _swiped[swiped.EventId] = swiped.CardSwiped;
    }

    /// <summary>From now on it behaves. Some are gone for good.</summary>
    public void CalmDown()
    {
        _isCalm = true;
        if (plan.DiesAfterMs is not null)
            Die();
    }

    private void Live()
    {
        Boot();
        if (plan.DiesAfterMs is { } ms)
            world.Scheduler.After(world.Outside, TimeSpan.FromMilliseconds(ms), Die);
        if (plan.Hostile is { } hostile)
            ActLater(hostile);
    }

    private void Die()
    {
        if (_isDead)
            return;
        world.Trace($"pile {number} dies");
        _isDead = true;
        Lose(tells: Chance(50));
    }

    private void Boot()
    {
        // The relays have fallen open. What was running is reported as ended, and an unanswered command is taken anew.
        _boot = $"boot{number}.{++_boots}";
        foreach (var id in _answers.Where(answer => answer.Value is null).Select(answer => answer.Key).ToList())
            _answers.Remove(id);
        foreach (var plug in _plugs)
        {
            if (plug.Stop(Now) is { } cut)
                ReportEnd(plug, cut, EndReason.PowerLoss);
        }
        Reconnect();
    }

    private void Reboot()
    {
        world.Trace($"pile {number} reboots");
        Lose(tells: Chance(50));
        Boot();
    }

    private void Handle(Command command)
    {
        if (_isDead || Chance(plan.Deaf))
            return;
        if (command.EventAck is { } ack)
            Forget(ack.EventId);
        else if (command.CardDecision is { } decision)
            Judge(decision);
        else
            HandleOnce(command);
    }

    /// <summary>The server has said that the effect of an event is durable.</summary>
    private void Forget(uint eventId)
    {
        if (_kept.Remove(eventId, out var kept) && kept.Event.ChargeEnded is { } ended)
        {
            if (!Recorded.TryGetValue((ended.OrderNo, (int)ended.Plug), out var records))
                Recorded[(ended.OrderNo, (int)ended.Plug)] = records = [];
            records.Add(new ModelRecord(ended.Seconds, kept.RaisedAt, Now));
        }
    }

    private void HandleOnce(Command command)
    {
        if (_answers.TryGetValue(command.CommandId, out var known))
        {
            if (known is not null)
                Answer(command, known);
            return;
        }
        _answers[command.CommandId] = null;
        if (command.StartCharge is not null && !_hasTime)
            Reject(command, RejectReason.ClockNotSet);
        else if (command.SetTime is null && command.ExpiresAt.ToDateTimeOffset() < Now)
            Reject(command, RejectReason.Expired);
        else if (command.StartCharge is { } start && Chance(plan.Hostile?.Pretends ?? 0))
            Pretend(command, start);
        else if (command.StartCharge is not null && Chance(plan.Late))
            ObeyLate(command, _boot);
        else
            Obey(command);
    }

    /// <summary>Unless a power cut comes between, which knows nothing of it.</summary>
    private void ObeyLate(Command command, string boot) => Later(_random.Next(1000, 25_000), () =>
    {
        if (_boot == boot)
            Obey(command);
    });

    private void Obey(Command command)
    {
        switch (command.KindCase)
        {
            case Command.KindOneofCase.StartCharge:
                Start(command, _plugs[command.StartCharge.Plug - 1]);
                break;
            case Command.KindOneofCase.StopCharge:
                Stop(command, _plugs[command.StopCharge.Plug - 1]);
                break;
            case Command.KindOneofCase.SetTime:
                _hasTime = true;
                Answer(command, Done(command));
                break;
            default:
                Answer(command, Done(command));
                SendStatus();
                break;
        }
    }

    private void Start(Command command, ModelPlug plug)
    {
        if (Chance(plan.Rejects))
            Reject(command, RejectReason.Overload);
        else if (plug.Running is not null)
            Reject(command, RejectReason.PlugBusy);
        else if (Chance(plan.Reboots) && Chance(50))
            Reboot();
        else
            Close(command, plug);
    }

    private void Close(Command command, ModelPlug plug)
    {
        var start = command.StartCharge;
        Obeyed[start.OrderNo] = Obeyed.GetValueOrDefault(start.OrderNo) + 1;
        var limit = (int)Math.Min(start.MaxSeconds, int.MaxValue);
        var seconds = _random.Next(3) switch
        {
            0 => limit,
            1 => _random.Next(limit + 1),
            _ => _random.Next(Math.Min(limit + 1, 40)),
        };
        var charge = plug.Start(start.OrderNo, Now, limit);
        world.Trace($"pile {number} closes plug {plug.Number} for {start.OrderNo}, {seconds} of {limit} s");
        Later(seconds * 1000, () => End(plug, charge, seconds == limit ? EndReason.LimitReached : EndReason.Full));
        var before = Chance(50);
        if (before)
            ReportStart(plug, charge);
        // It knows that it has obeyed before the relay closes, or a power cut in between would make it obey again.
        _answers[command.CommandId] = Done(command);
        if (Chance(plan.Reboots))
        {
            Reboot();
            return;
        }
        Answer(command, Done(command));
        if (!before)
            ReportStart(plug, charge);
        SendStatus();
        if (Chance(plan.DropsLink))
            Lose(tells: Chance(50), comesBack: true);
    }

    private void Stop(Command command, ModelPlug plug)
    {
        if (plug.Running?.OrderNo == command.StopCharge.OrderNo)
        {
            var charge = plug.Stop(Now)!;
            Answer(command, Done(command));
            ReportEnd(plug, charge, EndReason.RemoteStop);
            SendStatus();
        }
        else if (plug.Finished == command.StopCharge.OrderNo)
            Answer(command, Done(command));
        else
            Reject(command, RejectReason.OrderMismatch);
    }

    private void End(ModelPlug plug, ModelCharge charge, EndReason reason)
    {
        if (plug.Running != charge)
            return;
        plug.Stop(Now);
        ReportEnd(plug, charge, reason);
        SendStatus();
        Later(_random.Next(1000, 120_000), () =>
        {
            // The next vehicle.
            plug.Finished = "";
            SendStatus();
        });
    }

    private void ReportStart(ModelPlug plug, ModelCharge charge) =>
        Raise(new PileEvent { ChargeStarted = new ChargeStarted { OrderNo = charge.OrderNo, Plug = (uint)plug.Number } });

    private void ReportEnd(ModelPlug plug, ModelCharge charge, EndReason reason)
    {
        if (Chance(plan.Forgets))
        {
            LiedAbout.Add(plug.Number);
            return;
        }
        var ended = new ChargeEnded
        {
            OrderNo = charge.OrderNo,
            Plug = (uint)plug.Number,
            Seconds = charge.Seconds,
            EnergyWh = charge.Seconds * PowerW / 3600,
            MaxPowerW = PowerW,
            Reason = reason,
        };
        if (plan.Hostile is { } hostile)
            Falsify(hostile, ended);
        else
            Raise(new PileEvent { ChargeEnded = ended });
    }

    private void Reject(Command command, RejectReason reason)
    {
        var result = Done(command);
        (result.Outcome, result.Reason) = (CommandOutcome.Rejected, reason);
        if (command.StartCharge is { } start)
            Rejected.Add(start.OrderNo);
        world.Trace($"pile {number} rejects {command.KindCase}: {reason}");
        Answer(command, result);
    }

    private CommandResult Done(Command command)
    {
        var plug = command.StartCharge?.Plug ?? command.StopCharge?.Plug;
        return new CommandResult
        {
            CommandId = command.CommandId,
            Outcome = CommandOutcome.Done,
            Plug = plug is { } one ? _plugs[one - 1].Status(Now) : null,
        };
    }

    private void Answer(Command command, CommandResult result)
    {
        _answers[command.CommandId] = result;
        if (!Chance(plan.Mute))
            SendResult(result);
        for (var copies = Chance(plan.Disorder) ? _random.Next(1, 4) : 0; copies > 0; copies--)
            Later(_random.Next(2) == 0 ? _random.Next(3000) : _random.Next(30_000), () => SendResult(result));
    }

    private void SendResult(CommandResult result) =>
        Send(listener => listener.ResultReceivedAsync(Session, result), $"result {result.CommandId.Split('-')[0]} {result.Outcome}");

    private void Raise(PileEvent what, DateTimeOffset? at = null)
    {
        what.EventId = ++_events;
        what.BootId = what.BootId.Length > 0 ? what.BootId : _boot;
        what.OccurredAt = (at ?? Now).ToTimestamp();
        var kept = new KeptEvent(what, at ?? Now, Now);
        _kept[what.EventId] = kept;
        if (what.ChargeEnded is { } ended)
            Ended.Add((ended.OrderNo, (int)ended.Plug));
        SendEvent(kept);
    }

    private void SendEvent(KeptEvent kept)
    {
        if (!_kept.ContainsKey(kept.Event.EventId) || _isDead)
            return;
        kept.Pause = kept.Pause == default ? TimeSpan.FromSeconds(10) : kept.Pause * 2 < LongestResend ? kept.Pause * 2 : LongestResend;
        kept.Timer?.Dispose();
        kept.Timer = world.Scheduler.After(world.Outside, kept.Pause, () => SendEvent(kept));
        for (var copies = Chance(plan.Disorder) ? 2 : 1; copies > 0; copies--)
        {
            var late = Chance(plan.Disorder) ? _random.Next(15_000) : 0;
            if (late == 0)
                SendNow();
            else
                Later(late, SendNow);
        }

        void SendNow()
        {
            var message = kept.Event.Clone();
            message.AgeMs = (uint)(Now - kept.At).TotalMilliseconds;
            Send(listener => listener.EventReceivedAsync(Session, message), $"event {message.EventId} {message.KindCase}");
        }
    }

    private DateTimeOffset Now => world.Scheduler.Now;

    private bool Chance(int percent) => !_isCalm && _random.Next(100) < percent;

    private void Later(int milliseconds, Action action) => world.Scheduler.After(world.Outside, TimeSpan.FromMilliseconds(milliseconds), action);

    /// <summary>An event until it is acknowledged.</summary>
    private sealed class KeptEvent(PileEvent what, DateTimeOffset at, DateTimeOffset raisedAt)
    {
        public PileEvent Event => what;

        /// <summary>When it was so.</summary>
        public DateTimeOffset At => at;

        public DateTimeOffset RaisedAt => raisedAt;

        public TimeSpan Pause { get; set; }

        public ModelTimer? Timer { get; set; }
    }
}

/// <summary>A charge on a plug.</summary>
internal sealed class ModelCharge(string orderNo, DateTimeOffset at, int limit)
{
    public string OrderNo => orderNo;

    public uint Seconds { get; private set; }

    public uint SecondsAt(DateTimeOffset now) => (uint)Math.Min(limit, (int)(now - at).TotalSeconds);

    public void Stop(DateTimeOffset now) => Seconds = SecondsAt(now);
}

/// <summary>A plug with its vehicle.</summary>
internal sealed class ModelPlug(int number)
{
    public int Number => number;

    public ModelCharge? Running { get; private set; }

    /// <summary>The order whose vehicle is still there; empty when there is none.</summary>
    public string Finished { get; set; } = "";

    public ModelCharge Start(string orderNo, DateTimeOffset now, int limit)
    {
        Finished = "";
        return Running = new ModelCharge(orderNo, now, limit);
    }

    public ModelCharge? Stop(DateTimeOffset now)
    {
        var charge = Running;
        charge?.Stop(now);
        Finished = charge?.OrderNo ?? Finished;
        Running = null;
        return charge;
    }

    public PlugStatus Status(DateTimeOffset now) => new()
    {
        Plug = (uint)number,
        State = Running is not null ? PlugState.Charging : Finished.Length > 0 ? PlugState.Finished : PlugState.Connected,
        OrderNo = Running?.OrderNo ?? Finished,
        ElapsedSeconds = Running?.SecondsAt(now) ?? 0,
        PowerW = Running is null ? 0 : 800u,
    };
}
