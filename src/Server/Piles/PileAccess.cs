using Charging.MqttBroker;
using Charging.Server.Orders;

namespace Charging.Server.Piles;

/// <summary>Which piles are let in: those that are registered. A retired one comes back only for the charges that it has not ended yet.</summary>
public sealed class PileAccess(PileRegistry registry, BusyPlugIndex busyPlugs)
{
    /// <summary>All that are let in.</summary>
    public IEnumerable<Pile> All => registry.All.Where(IsLetIn);

    /// <summary>A pile that is let in; null when it is not.</summary>
    public Pile? Find(DeviceNo device) => registry.Find(device) is { } pile && IsLetIn(pile) ? pile : null;

    /// <summary>The generation of a pile's secret, or null when the pile is not let in or the secret wrong. In constant time.</summary>
    public int? Authenticate(DeviceNo device, string secret) =>
        registry.Authenticate(device, secret) is { } generation && Find(device) is not null ? generation : null;

    /// <summary>Whether a pile, let in or not, has these plugs, and none of them is named twice.</summary>
    public bool HasEach(DeviceNo device, IEnumerable<uint> plugs) => registry.Find(device)?.HasEach(plugs) ?? false;

    private bool IsLetIn(Pile pile) => pile.RetiredAt is null || busyPlugs.HasAny(pile);
}
