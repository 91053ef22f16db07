using System.Collections.Concurrent;
using Charging.MqttBroker;
using Charging.Server.Orders;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>Which piles are let in: those that are registered. A retired one comes back only for the charges that it has not ended yet.</summary>
public sealed class PileAccess(PileRegistry registry, BusyPlugIndex busyPlugs)
{
    private readonly ConcurrentDictionary<DeviceNo, int> _refused = new();

    /// <summary>All that are let in.</summary>
    public IEnumerable<Pile> All => registry.All.Where(IsLetIn);

    /// <summary>A pile that is let in; null when it is not.</summary>
    public Pile? Find(DeviceNo device) => registry.Find(device) is { } pile && IsLetIn(pile) ? pile : null;

    /// <summary>Registered piles that have sent a wrong secret since the start, each with the one that it should have sent.</summary>
    public IEnumerable<PileSecret> RefusedSecrets => _refused.Select(pair => new PileSecret(pair.Key, pair.Value));

    /// <summary>The generation of a pile's secret, or null when the pile is not let in or the secret wrong. In constant time.</summary>
    public int? Authenticate(DeviceNo device, string secret)
    {
        var generation = registry.Authenticate(device, secret);
        if (Find(device) is not { } pile)
            return null;
        if (generation is null)
            _refused[device] = pile.SecretGeneration;
        return generation;
    }

    /// <summary>Whether a pile, let in or not, has these plugs, and none of them is named twice.</summary>
    public bool HasEach(DeviceNo device, IEnumerable<uint> plugs) => registry.Find(device)?.HasEach(plugs) ?? false;

    private bool IsLetIn(Pile pile) => pile.RetiredAt is null || busyPlugs.HasAny(pile);
}
