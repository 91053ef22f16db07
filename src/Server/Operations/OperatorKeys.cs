using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>The operators' keys, in memory, so that checking one touches no disk. It follows the store.</summary>
public sealed class OperatorKeys(Restores restores) : IStoreObserver
{
    /// <summary>Keys by <see cref="OperatorKey.Id"/>.</summary>
    public static readonly Table<OperatorKey> Table = new("operator_keys", StoreJson.Default.OperatorKey, key => key.Id, isResident: true);

    private const string Scheme = "Bearer ";

    private readonly ConcurrentDictionary<string, OperatorKey> _keys = new();

    /// <summary>The key of an `authorization` header, `Bearer …`; null when there is none. In constant time.</summary>
    public OperatorKey? Find(string authorization)
    {
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return null;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()));
        OperatorKey? found = null;
        foreach (var key in _keys.Values)
        {
            if (IsValid(key) && CryptographicOperations.FixedTimeEquals(hash, Convert.FromHexString(key.Hash)))
                found = key;
        }
        return found;
    }

    /// <summary>Whether a key still opens what it did.</summary>
    public bool IsAlive(string keyId) => _keys.TryGetValue(keyId, out var key) && IsValid(key);

    private bool IsValid(OperatorKey key) => key.RevokedAt is null && (key.Id == OperatorKeyFile.Id || !restores.RefusesKey(key.CreatedAt));

    /// <inheritdoc/>
    public async Task LoadAsync(IStore store, CancellationToken cancellationToken)
    {
        await foreach (var key in store.ScanAsync(Table.ByKey, cancellationToken))
            _keys[key.Id] = key;
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            if (!ReferenceEquals(change.Table, Table))
                continue;
            if (change.Entity is OperatorKey key)
                _keys[key.Id] = key;
            else
                _keys.TryRemove(change.Key, out _);
        }
    }
}
