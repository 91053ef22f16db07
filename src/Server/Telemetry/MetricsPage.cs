using System.Net;
using Charging.Server.Calls;
using Charging.Server.Operations;

namespace Charging.Server.Telemetry;

/// <summary>Keeps `/metrics` from strangers: they tell how the business goes.</summary>
internal sealed class MetricsPage(TelemetryOptions options, ServerOptions server, OperatorKeys keys, FailedSignIns failedSignIns, Listeners listeners)
{
    // A proxy on this machine makes everybody's address the loopback, and says so.
    private static readonly string[] SignsOfProxies = ["X-Forwarded-For", "X-Original-For", "X-Real-IP", "Forwarded", "Via"];

    /// <summary>Answers a reader that may not read, and passes the others on.</summary>
    public Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        if (options.Metrics == MetricsAccess.Off || context.Connection.LocalPort != listeners.Port("Http"))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        if (IsThisMachine(context) || keys.Find(context.Request.Headers.Authorization.ToString()) is not null)
            return next(context);
        failedSignIns.Add(context);
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return context.Response.WriteAsync("Metrics are for who sends an operator key as 'authorization: Bearer …' (setting Charging:Telemetry:Metrics).\n");
    }

    private bool IsThisMachine(HttpContext context) =>
        options.Metrics == MetricsAccess.Loopback && listeners.IsLoopback("Http") && server.TrustedProxies.Length == 0
        && context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && (context.Request.Host.Host == "localhost" || (IPAddress.TryParse(context.Request.Host.Host, out var host) && IPAddress.IsLoopback(host)))
        && !SignsOfProxies.Any(context.Request.Headers.ContainsKey);
}
