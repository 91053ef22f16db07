using System.Collections.Concurrent;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>The plugs that an order has, in memory, so that reading a pile's state touches no disk.</summary>
public sealed class BusyPlugIndex : IStoreObserver
{
    private readonly ConcurrentDictionary<PlugId, BusyPlug> _plugs = new();

    /// <summary>The order that has a plug, or null. Whether its time is over is for the reader to judge.</summary>
    public BusyPlug? Find(PlugId plug) => _plugs.GetValueOrDefault(plug);

    /// <summary>All of them.</summary>
    public IEnumerable<BusyPlug> All => _plugs.Values;

    /// <summary>Whether any plug of a pile has an order.</summary>
    public bool HasAny(Pile pile) => Enumerable.Range(1, Pile.MaxPlugs).Any(number => _plugs.ContainsKey(new PlugId(pile.Device, number)));

    /// <inheritdoc/>
    public async Task LoadAsync(IStore store, CancellationToken cancellationToken)
    {
        await foreach (var busy in store.ScanAsync(OrderTables.BusyPlugs.ByKey, cancellationToken))
            _plugs[busy.Plug] = busy;
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            if (!ReferenceEquals(change.Table, OrderTables.BusyPlugs))
                continue;
            if (change.Entity is BusyPlug busy)
                _plugs[busy.Plug] = busy;
            else
                _plugs.TryRemove(PlugId.Parse(change.Key), out _);
        }
    }
}
