using Charging.Device.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Charging.PileSimulator;

/// <summary>
/// The state of the board from one boot to the next, and what it says about itself: statuses and telemetry.
/// Everything that runs on it is called under the pile's lock.
/// </summary>
internal sealed class PileBoard(SimulatedPileOptions options, PileMemory memory, Agenda agenda, Action<IMessage> send)
{
    private const string Firmware = "simulator-1";

    private string _connectionId = "";
    private uint _seq;

    public SimulatedPileOptions Options => options;

    public PileMemory Memory => memory;

    public Agenda Agenda => agenda;

    public PileClock Clock { get; } = new(agenda);

    public PileFaults Faults { get; set; } = new();

    public PileTotals Totals { get; set; } = new();

    public IReadOnlyList<PilePlug> Plugs { get; } =
        [.. Enumerable.Range(1, options.PlugCount).Select(n => new PilePlug((uint)n, options.VehiclesConnected))];

    public string BootId { get; private set; } = "";

    public bool Powered { get; private set; }

    /// <summary>Whether there is a connection, or one is being made, that was not cut.</summary>
    public bool Attached => _connectionId.Length > 0;

    /// <summary>Whether the broker has taken this connection and its subscription.</summary>
    public bool Connected { get; private set; }

    public PilePlug? Plug(uint number) => number >= 1 && number <= Plugs.Count ? Plugs[(int)number - 1] : null;

    public void PowerOn()
    {
        Powered = true;
        BootId = Guid.NewGuid().ToString();
        _seq = 0;
        Clock.Boot();
        memory.ForgetUnanswered();
    }

    public void PowerOff()
    {
        Powered = false;
        ConnectionClosed();
        agenda.Clear();
    }

    /// <summary>A connection is about to be made.</summary>
    /// <returns>Its will.</returns>
    public PileStatus Connecting()
    {
        _connectionId = Guid.NewGuid().ToString();
        Clock.NewConnection();
        return Header(online: false);
    }

    public void ConnectionOpened()
    {
        Connected = true;
        Totals = Totals with { Connections = Totals.Connections + 1 };
        Beat(_connectionId);
    }

    public void ConnectionClosed() => (Connected, _connectionId) = (false, "");

    public void Send(IMessage message) => send(message);

    public void SendStatus()
    {
        if (!Connected) return;
        var status = Header(online: true);
        status.Seq = _seq += Faults.SkipSeq ? 2u : 1u;
        var now = agenda.Now;
        status.Plugs.Add(Plugs.Select(plug => Faults.ForgetOrders ? plug.StatusWithoutOrder() : plug.Status(now)));
        send(status);
    }

    /// <summary>What the pile's clock shows to others.</summary>
    public Timestamp ToldTime => (Clock.Now + Faults.ClockError).ToTimestamp();

    private void Beat(string connectionId)
    {
        if (!Connected || connectionId != _connectionId) return;
        SendStatus();
        SendTelemetry();
        agenda.In(options.Heartbeat, () => Beat(connectionId));
    }

    private void SendTelemetry()
    {
        var now = agenda.Now;
        var telemetry = new PileTelemetry { BootId = BootId };
        telemetry.Plugs.Add(Plugs.Where(plug => plug.Running is not null).Select(plug => new PlugTelemetry
        {
            Plug = plug.Number,
            PowerW = plug.Running!.PowerW,
            EnergyWh = plug.Running.EnergyWh(now),
            TemperatureDeciC = 315,
        }));
        if (telemetry.Plugs.Count > 0) send(telemetry);
    }

    private PileStatus Header(bool online) => new()
    {
        ProtocolVersion = 1,
        BootId = BootId,
        ConnectionId = _connectionId,
        Online = online,
        Firmware = Firmware,
        Clock = ToldTime,
    };
}
