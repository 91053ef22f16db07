using Charging.MqttBroker;
using Charging.Server.Orders;
using Charging.Server.Piles;

namespace Charging.Server.Operations;

/// <summary>Piles as operators see them now. Touches no disk.</summary>
internal sealed class PileViews(PileRegistry registry, PileStates states, Board board, BusyPlugIndex busyPlugs, TariffAdmin tariffs, TimeProvider clock)
{
    /// <summary>A registered pile, or NOT_FOUND.</summary>
    public Pile Known(DeviceNo device) => registry.Find(device).OrUnregistered(device);

    /// <summary>Whether a pile is online.</summary>
    public bool IsOnline(Pile pile) => board.IsOnline(pile.Device);

    /// <summary>A pile without its plugs.</summary>
    public Ops.V1.Pile Summary(Pile pile) => ToWire(pile, states.StateOf(pile), board.Find(pile.Device));

    /// <summary>A pile with its plugs.</summary>
    public Ops.V1.Pile Whole(Pile pile)
    {
        var state = states.StateOf(pile);
        var view = board.Find(pile.Device);
        var wire = ToWire(pile, state, view);
        for (var number = 1; number <= pile.PlugCount; number++)
        {
            var plug = pile.ToWire(number, state.Plugs[number - 1], state.Online ? view?.Plug(number) : null, OrderOn(new PlugId(pile.Device, number)));
            plug.Pause = PauseOf(pile, number);
            wire.Plugs.Add(plug);
        }
        return wire;
    }

    private Ops.V1.Pile ToWire(Pile pile, PileState state, PileView? view)
    {
        var wire = pile.ToWire(state, view);
        wire.Tariff = tariffs.NameOf(pile);
        wire.Pause = PauseOf(pile, plug: 0);
        return wire;
    }

    private Ops.V1.Pause? PauseOf(Pile pile, int plug)
    {
        var pause = states.PauseOf(pile, plug);
        var isOwn = pile.RetiredAt is not null || pile.Pauses?.Contains(pause) is true;
        return pause.ToWire(isOwn ? null : pile.Station);
    }

    private OrderNo? OrderOn(PlugId plug) => busyPlugs.Find(plug) is { } busy && !busy.IsOver(clock.GetUtcNow()) ? busy.OrderNo : null;
}
