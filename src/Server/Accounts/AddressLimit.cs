using System.Net;
using System.Net.Sockets;
using Charging.Server.Calls;

namespace Charging.Server.Accounts;

/// <summary>
/// How often callers from one address may do something. Counted only behind trusted proxies, because only then is the address the
/// caller's (contract section 1). An IPv6 caller is its /64, which is what a subscriber gets. When there are too many addresses to
/// count, a new one counts for its network (/16, or /32 of IPv6), so that nobody gets out of the limit by filling the table.
/// </summary>
/// <param name="limits">Makes the limits.</param>
/// <param name="options">The trusted proxies.</param>
/// <param name="name">What is limited, as in <see cref="RateLimits.Create"/>.</param>
/// <param name="max">How often in an hour.</param>
public sealed class AddressLimit(RateLimits limits, ServerOptions options, string name, int max)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly RateLimit<IPAddress> _addresses = limits.Create<IPAddress>(name, max, Hour);
    private readonly RateLimit<IPAddress> _networks = limits.Create<IPAddress>(name, max, Hour);

    /// <summary>Counts once more; false when the address has had its share.</summary>
    public bool TryTake(IPAddress? address) => Find(address) is not { } counted || counted.Limit.TryTake(counted.Key);

    /// <summary>Takes back what <see cref="TryTake"/> counted.</summary>
    public void Return(IPAddress? address)
    {
        if (Find(address) is { } counted)
            counted.Limit.Return(counted.Key);
    }

    /// <returns>Where the address is counted, and as what; null when it is nobody's own.</returns>
    private (RateLimit<IPAddress> Limit, IPAddress Key)? Find(IPAddress? address)
    {
        if (options.TrustedProxies.Length == 0 || address is null || options.IsProxy(address))
            return null;
        var subscriber = Network(ServerOptions.Plain(address), 4, 8);
        return _addresses.HasRoomFor(subscriber) ? (_addresses, subscriber) : (_networks, Network(subscriber, 2, 4));
    }

    private static IPAddress Network(IPAddress address, int bytesOf4, int bytesOf6)
    {
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(address.AddressFamily == AddressFamily.InterNetworkV6 ? bytesOf6 : bytesOf4).Clear();
        return new IPAddress(bytes);
    }
}
