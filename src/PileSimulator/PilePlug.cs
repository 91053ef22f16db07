using Charging.Device.V1;

namespace Charging.PileSimulator;

/// <summary>One plug: the vehicle at it, the charge it serves or has just served, and what is broken.</summary>
internal sealed class PilePlug(uint number, bool vehicleConnected)
{
    public uint Number { get; } = number;

    public bool VehicleConnected { get; set; } = vehicleConnected;

    public Charge? Running { get; set; }

    /// <summary>The charge that ended, as long as its vehicle is still there.</summary>
    public Charge? Finished { get; set; }

    public string? Fault { get; set; }

    public PlugStatus Status(TimeSpan now)
    {
        var charge = Running ?? Finished;
        return new PlugStatus
        {
            Plug = Number,
            State = State,
            OrderNo = charge?.OrderNo ?? "",
            PowerW = Running?.PowerW ?? 0,
            EnergyWh = charge?.EnergyWh(now) ?? 0,
            ElapsedSeconds = charge?.Seconds(now) ?? 0,
            Fault = Fault ?? "",
        };
    }

    /// <summary>The same plug as a pile tells it that has forgotten its orders.</summary>
    public PlugStatus StatusWithoutOrder() => new()
    {
        Plug = Number,
        State = Fault is not null ? PlugState.Fault : VehicleConnected ? PlugState.Connected : PlugState.Idle,
        Fault = Fault ?? "",
    };

    private PlugState State => this switch
    {
        { Fault: not null } => PlugState.Fault,
        { Running: not null } => PlugState.Charging,
        { Finished: not null } => PlugState.Finished,
        { VehicleConnected: true } => PlugState.Connected,
        _ => PlugState.Idle,
    };
}
