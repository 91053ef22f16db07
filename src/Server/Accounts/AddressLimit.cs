using System.Net;
using System.Net.Sockets;
using Charging.Server.Calls;

namespace Charging.Server.Accounts;

/// <summary>
/// At most 200 codes an hour for one address, counted only behind trusted proxies, because only then is the address the
/// caller's (contract section 1). An IPv6 caller is its /64, which is what a subscriber gets.
/// </summary>
public sealed class AddressLimit(ServerOptions options, TimeProvider clock)
{
    /// <summary>Codes for one address in a clock hour.</summary>
    public const int MaxPerHour = 200;

    // Who commands more addresses than this is not stopped by counting them, and must not cost more memory.
    private const int MaxAddresses = 100_000;

    private readonly Dictionary<IPAddress, int> _sent = [];
    private readonly Lock _lock = new();
    private long _hour;

    /// <summary>Counts a code; false when the address has had its share.</summary>
    public bool TryTake(IPAddress? address)
    {
        if (options.TrustedProxies.Length == 0 || address is null)
            return true;
        var key = Subscriber(address);
        lock (_lock)
        {
            Turn();
            var sent = _sent.GetValueOrDefault(key);
            if (sent >= MaxPerHour)
                return false;
            if (sent > 0 || _sent.Count < MaxAddresses)
                _sent[key] = sent + 1;
            return true;
        }
    }

    /// <summary>Takes back what <see cref="TryTake"/> counted: nothing was sent after all.</summary>
    public void Return(IPAddress? address)
    {
        if (options.TrustedProxies.Length == 0 || address is null)
            return;
        var key = Subscriber(address);
        lock (_lock)
        {
            if (_sent.TryGetValue(key, out var sent) && sent > 0)
                _sent[key] = sent - 1;
        }
    }

    private void Turn()
    {
        var hour = clock.GetUtcNow().ToUnixTimeSeconds() / 3600;
        if (hour == _hour)
            return;
        _hour = hour;
        _sent.Clear();
    }

    private static IPAddress Subscriber(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
