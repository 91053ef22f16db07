using Charging.Device.V1;
using Charging.MqttBroker;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Reliability.Model;

/// <summary>The line between a pile and the server: it connects, delays, keeps the order of messages, and is lost.</summary>
internal sealed partial class ModelPile
{
    // The broker tells the sessions of all piles apart by a number that grows.
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    private Line? _line;
    private long _lines;
    private uint _seq;
    private bool _hasTime;
    private bool _isConnecting;
    private bool _hasLived;

    private sealed record Line(ModelServer Server, PileSession Session, string ConnectionId)
    {
        /// <summary>When the last message of each direction arrives.</summary>
        public DateTimeOffset In { get; set; }

        public DateTimeOffset Out { get; set; }
    }

    private PileSession Session => _line!.Session;

    /// <summary>The server's command, on its way. False when there is no connection.</summary>
    public bool Receive(Command command)
    {
        if (_line is not { } line)
            return false;
        world.Trace($"server tells pile {number}: {command.KindCase} {(command.StartCharge ?? command.StopCharge ?? (object?)command.CardDecision)}");
        line.Out = After(line.Out);
        world.Scheduler.After(world.Outside, line.Out - Now, () =>
        {
            if (_line == line)
                Handle(command);
        });
        return true;
    }

    /// <summary>The server is gone, and the connection with it.</summary>
    public void ServerGone()
    {
        _line = null;
        Reconnect();
    }

    /// <summary>The first server is there.</summary>
    public void ServerUp()
    {
        if (_hasLived)
            return;
        _hasLived = true;
        Live();
    }

    private void Reconnect()
    {
        if (_isConnecting || _isDead)
            return;
        _isConnecting = true;
        Later(_random.Next(100, _random.Next(4) == 0 ? 150_000 : 5000), Connect);
    }

    private void Connect()
    {
        _isConnecting = false;
        if (_isDead || _line is not null)
            return;
        if (world.Server is not { IsUp: true } server)
        {
            _isConnecting = true;
            world.Scheduler.After(world.Outside, RetryPause, Connect);
            return;
        }
        _hasTime = false;
        _line = new Line(server, new PileSession(Device, ++_lines, 1), $"line{number}.{_lines}") { In = Now, Out = Now };
        world.Trace($"pile {number} connects");
        Send(listener => listener.Connected(Session), "connects");
        SendStatus();
        foreach (var kept in _kept.Values.ToList())
        {
            kept.Pause = default;
            SendEvent(kept);
        }
        Beat(_line);
    }

    private void Beat(Line line)
    {
        world.Scheduler.After(world.Outside, Heartbeat, () =>
        {
            if (_line != line)
                return;
            SendStatus();
            Beat(line);
        });
    }

    /// <summary>The connection is lost; the server hears of it soon, or only by silence or by the next connection.</summary>
    private void Lose(bool tells, bool comesBack = false)
    {
        if (_line is not { } line)
            return;
        world.Trace($"pile {number} loses its connection");
        _line = null;
        if (tells)
            Deliver(line, TimeSpan.FromMilliseconds(_random.Next(30_000)), listener => listener.Disconnected(line.Session));
        if (comesBack)
            Reconnect();
    }

    private void SendStatus()
    {
        if (_line is not { } line)
            return;
        var status = new PileStatus
        {
            ProtocolVersion = 1,
            BootId = _boot,
            ConnectionId = line.ConnectionId,
            Seq = ++_seq,
            Online = true,
            Firmware = "model",
            Clock = Now.ToTimestamp(),
        };
        status.Plugs.Add(_plugs.Select(plug => Chance(plan.Lies) ? Lie(plug) : plug.Status(Now)));
        Send(listener => listener.StatusReceived(line.Session, status), $"status {string.Join(", ", status.Plugs.Select(plug => $"{plug.State} {plug.OrderNo}"))}");
    }

    private PlugStatus Lie(ModelPlug plug)
    {
        LiedAbout.Add(plug.Number);
        var lie = plug.Status(Now);
        (lie.State, lie.OrderNo) = _random.Next(3) switch
        {
            0 => (PlugState.Connected, ""),
            1 => (PlugState.Charging, "20250601INVENTED"),
            _ => (PlugState.Charging, Obeyed.Keys.ElementAtOrDefault(_random.Next(Obeyed.Count + 1)) ?? lie.OrderNo),
        };
        return lie;
    }

    /// <summary>Sends something to the server, behind everything that was sent before.</summary>
    private void Send(Action<IPileListener> message, string what)
    {
        if (_line is not { } line)
            return;
        line.In = After(line.In);
        world.Scheduler.After(line.Server.Life, line.In - Now, () =>
        {
            if (_line != line)
                return;
            world.Trace($"pile {number}: {what}");
            message(line.Server.Listener);
        });
    }

    private void Deliver(Line line, TimeSpan delay, Action<IPileListener> message) =>
        world.Scheduler.After(line.Server.Life, delay, () => message(line.Server.Listener));

    private DateTimeOffset After(DateTimeOffset last)
    {
        var arrives = Now + TimeSpan.FromMilliseconds(_random.Next(1, 60));
        return arrives > last ? arrives : last + TimeSpan.FromTicks(1);
    }
}
