using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Charging.Server.Calls;

/// <summary>What listens where: the endpoints of `Kestrel:Endpoints` by their names, with the ports that they got.</summary>
public sealed class Listeners
{
    private readonly SortedDictionary<string, ListenOptions> _endpoints = new(StringComparer.Ordinal);

    /// <summary>Notes an endpoint while Kestrel is configured.</summary>
    public void Add(string name, ListenOptions endpoint) => _endpoints[name] = endpoint;

    /// <summary>Names of the endpoints.</summary>
    public IReadOnlyCollection<string> Names => _endpoints.Keys;

    /// <summary>The port of an endpoint. Known after the start.</summary>
    /// <exception cref="KeyNotFoundException">No endpoint of that name is configured.</exception>
    public int Port(string name) => _endpoints[name].IPEndPoint!.Port;

    /// <summary>The address at which this machine reaches an endpoint.</summary>
    /// <exception cref="KeyNotFoundException">No endpoint of that name is configured.</exception>
    public string Host(string name) =>
        _endpoints[name].IPEndPoint!.Address is var address && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            ? IPAddress.Loopback.ToString()
            : address.ToString();

    /// <summary>Whether an endpoint is encrypted.</summary>
    public bool IsTls(string name) => _endpoints[name].ToString()!.StartsWith("https", StringComparison.Ordinal);

    /// <summary>Whether only this machine can connect to an endpoint.</summary>
    public bool IsLoopback(string name) => IPAddress.IsLoopback(_endpoints[name].IPEndPoint!.Address);

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", _endpoints.Select(e => $"{e.Key} on {e.Value}"));
}
