using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Charging.MqttBroker;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>The registered piles, in memory, so that neither a status nor a connecting pile waits for a disk.</summary>
public sealed class PileRegistry : IStoreObserver
{
    private readonly ConcurrentDictionary<DeviceNo, Pile> _piles = new();

    /// <summary>A pile, or null when it is not registered.</summary>
    public Pile? Find(DeviceNo device) => _piles.GetValueOrDefault(device);

    /// <summary>All of them.</summary>
    public IEnumerable<Pile> All => _piles.Values;

    /// <summary>The generation of a pile's secret, or null when the pile is unknown or the secret wrong. In constant time.</summary>
    public int? Authenticate(DeviceNo device, string secret)
    {
        var pile = Find(device);
        var expected = Convert.FromHexString(pile?.SecretHash ?? HashOf(""));
        var matches = CryptographicOperations.FixedTimeEquals(expected, SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
        return matches && pile is not null ? pile.SecretGeneration : null;
    }

    /// <summary>A secret as it is stored: SHA-256, in hex.</summary>
    public static string HashOf(string secret) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <inheritdoc/>
    public async Task LoadAsync(IStore store, CancellationToken cancellationToken)
    {
        await PileAlarms.PauseAsync(store, cancellationToken);
        await foreach (var pile in store.ScanAsync(PileTables.Piles.ByKey, cancellationToken))
            _piles[pile.Device] = pile;
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            if (change.Entity is Pile pile)
                _piles[pile.Device] = pile;
        }
    }
}
