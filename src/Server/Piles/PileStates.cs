using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Stations;

namespace Charging.Server.Piles;

/// <summary>What a rider sees of a plug (contract section 5).</summary>
public enum PlugView
{
    /// <summary>It can be reserved.</summary>
    Free = 0,

    /// <summary>Reserved, charging, or finished and still plugged in.</summary>
    Busy = 1,

    /// <summary>Broken, unknown, or paused.</summary>
    Fault = 2,
}

/// <summary>The state of a pile.</summary>
/// <param name="Device">The pile.</param>
/// <param name="Online">Whether it is online.</param>
/// <param name="Plugs">Its plugs, in order.</param>
public sealed record PileState(DeviceNo Device, bool Online, IReadOnlyList<PlugView> Plugs);

/// <summary>The state of piles and plugs as riders see it. Touches no disk.</summary>
public sealed class PileStates(PileRegistry registry, StationIndex stations, Board board, BusyPlugIndex busyPlugs, TimeProvider clock)
{
    /// <summary>A registered pile, or 3003.</summary>
    public Result<Pile> Find(DeviceNo device) => registry.Find(device) is { } pile ? pile : ResultCode.PileNotFound;

    /// <summary>The state of a pile and of its plugs, in order. Touches no disk.</summary>
    public Result<PileState> StateOf(DeviceNo device)
    {
        return registry.Find(device) is { RetiredAt: null } pile ? StateOf(pile) : ResultCode.PileNotFound;
    }

    /// <summary>The same of a pile that may be retired: for operators.</summary>
    public PileState StateOf(Pile pile)
    {
        var device = pile.Device;
        var view = board.Find(device);
        var online = view is not null && board.IsOnline(view);
        var plugs = new PlugView[pile.PlugCount];
        for (var number = 1; number <= plugs.Length; number++)
            plugs[number - 1] = View(new PlugId(device, number), online && PauseOf(pile, number) is null ? view : null);
        return new PileState(device, online, plugs);
    }

    /// <summary>What the pile's own sensors say of a plug, whatever is reserved.</summary>
    public PlugView Sensed(PlugId plug) => Sensed(board.Find(plug.Device)?.Plug(plug.Number));

    /// <summary>What keeps a plug from new charges, or with plug 0 the whole pile; null when nothing does.</summary>
    public Pause? PauseOf(Pile pile, int plug) =>
        Pauses.Of(pile, pile.Station is { } id ? stations.Find(id) : null, plug, clock.GetUtcNow());

    /// <param name="plug">The plug.</param>
    /// <param name="usable">Its pile; null when that is offline, or the plug is paused.</param>
    private PlugView View(PlugId plug, PileView? usable)
    {
        // What the server does not know is never free.
        if (busyPlugs.Find(plug) is { } busy && !busy.IsOver(clock.GetUtcNow()))
            return PlugView.Busy;
        return usable is null ? PlugView.Fault : Sensed(usable.Plug(plug.Number));
    }

    private static PlugView Sensed(PlugStatus? reported) => reported?.State switch
    {
        PlugState.Idle or PlugState.Connected => PlugView.Free,
        PlugState.Charging or PlugState.Finished => PlugView.Busy,
        _ => PlugView.Fault,
    };
}
