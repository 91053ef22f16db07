using System.Net;

namespace Charging.Server.Calls;

/// <summary>Settings under `Charging` that belong to no feature.</summary>
public sealed record ServerOptions
{
    private HashSet<IPAddress>? _proxies;

    /// <summary>Folder of the data file; made when it is not there.</summary>
    public string DataDirectory { get; init; } = "data";

    /// <summary>
    /// Addresses of the reverse proxies whose `X-Forwarded-For` is believed. Only with such a list does the server know its
    /// callers' addresses and count codes by them: behind a proxy or a carrier's NAT everybody has one address.
    /// </summary>
    public string[] TrustedProxies { get; init; } = [];

    /// <summary>Whether the sandboxes, which give charges away and believe everybody, may be named outside Development.</summary>
    public bool AllowSandbox { get; init; }

    /// <summary>
    /// How long a server that is told to stop still takes calls while `/readyz` says 503 already, so that a load balancer has
    /// time to notice.
    /// </summary>
    public TimeSpan DrainNotice { get; init; }

    /// <summary>Whether an address is that of a trusted proxy.</summary>
    internal bool IsProxy(IPAddress address) => (_proxies ??= [.. TrustedProxies.Select(proxy => Plain(IPAddress.Parse(proxy)))]).Contains(Plain(address));

    /// <summary>An address in the form in which it is compared: an IPv4 address that came over IPv6 is an IPv4 address.</summary>
    internal static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    internal string? Complaint() => this switch
    {
        _ when TrustedProxies.FirstOrDefault(proxy => !IPAddress.TryParse(proxy, out _)) is { } bad =>
            $"Charging:TrustedProxies holds '{bad}', which is not an IP address: list the addresses of your reverse proxies.",
        _ when string.IsNullOrWhiteSpace(DataDirectory) => "Charging:DataDirectory is empty: name the folder of the data file.",
        { DrainNotice.TotalSeconds: < 0 or > 60 } => "Charging:DrainNotice is not between 00:00:00 and 00:01:00: give a time such as 00:00:10.",
        _ => null,
    };
}
