using System.Net;

namespace Charging.Server.Calls;

/// <summary>
/// Watches whether riders' calls come through the proxies that the settings name, and with the header that those must set. Where
/// they do not, the server does not know its callers' addresses, and limits by address do nothing.
/// </summary>
public sealed class ProxyCheck(ServerOptions options, TimeProvider clock)
{
    private const string Header = "X-Forwarded-For";
    private static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    private Sighting? _withoutHeader;
    private Sighting? _untrusted;

    private sealed record Sighting(IPAddress Address, long At);

    /// <summary>Looks at a call before the header is applied.</summary>
    public Task LookAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Connection.RemoteIpAddress is { } address && context.Request.Path.StartsWithSegments(Envelope.Prefix, StringComparison.OrdinalIgnoreCase))
            Look(address, context.Request.Headers.ContainsKey(Header));
        return next(context);
    }

    /// <summary>What was seen in the last hour that an operator should change.</summary>
    public IEnumerable<string> Warnings()
    {
        if (_withoutHeader is { } bare && clock.GetElapsedTime(bare.At) < Memory)
            yield return $"Calls of the trusted proxy {bare.Address} come without {Header}, so nobody is limited by address, and a caller who sends the header may pass it through: let the proxy set it as deploy/nginx.conf does.";
        if (_untrusted is { } stranger && clock.GetElapsedTime(stranger.At) < Memory)
            yield return $"Calls with {Header} come from {stranger.Address}, which is not in Charging:TrustedProxies: add it if it is your proxy; otherwise somebody reaches this port beside the proxy, so close it to others.";
    }

    private void Look(IPAddress address, bool hasHeader)
    {
        if (options.IsProxy(address) == hasHeader)
            return;
        var seen = new Sighting(ServerOptions.Plain(address), clock.GetTimestamp());
        if (hasHeader)
            _untrusted = seen;
        else
            _withoutHeader = seen;
    }
}
