using Charging.MqttBroker;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Stations;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>Hears what changes in the store and on the board, and tells those who watch. Costs a look at an empty list while nobody does.</summary>
internal sealed class Feeds : IStoreObserver
{
    private readonly PileRegistry _registry;

    /// <summary>Hears from now on.</summary>
    public Feeds(Board board, PileRegistry registry, TimeProvider clock)
    {
        _registry = registry;
        (Orders, Alarms, Piles) = (new Watchers<Order>(clock), new Watchers<PileAlarm>(clock), new Watchers<string>(clock));
        board.Changed += device =>
        {
            if (Piles.Any)
                Tell(device);
        };
    }

    /// <summary>Orders.</summary>
    public Watchers<Order> Orders { get; }

    /// <summary>Alarms.</summary>
    public Watchers<PileAlarm> Alarms { get; }

    /// <summary>Device numbers of piles of which something is new.</summary>
    public Watchers<string> Piles { get; }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        if (!Orders.Any && !Alarms.Any && !Piles.Any)
            return;
        foreach (var change in changes)
        {
            switch (change)
            {
                case { Entity: Order order }:
                    Orders.Tell(change.Key, order);
                    break;
                case { Entity: PileAlarm alarm }:
                    Alarms.Tell(change.Key, alarm);
                    break;
                case { Entity: Pile pile }:
                    Tell(pile.Device);
                    break;
                case { Entity: Station station }:
                    foreach (var at in _registry.All.Where(it => it.Station == station.Id))
                        Tell(at.Device);
                    break;
                case { Table: Table<BusyPlug> }:
                    Tell(PlugId.Parse(change.Key).Device);
                    break;
            }
        }
    }

    private void Tell(DeviceNo device) => Piles.Tell(device.ToString(), device.ToString());
}
