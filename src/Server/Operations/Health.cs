using System.Net.Sockets;
using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Clock;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Charging.Server.Operations;

/// <summary>Whether the store answers, and has the time that this machine has.</summary>
internal sealed class StoreHealth(IStore store) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await store.AskAsync(cancellationToken);
            await store.RunAsync(tx => tx.GetAsync(AccountTables.Users, AccountTables.Key(1)), cancellationToken).WaitAsync(cancellationToken);
            return store.Trouble is { } trouble ? HealthCheckResult.Unhealthy(trouble) : HealthCheckResult.Healthy();
        }
        catch (StoreUnavailableException e)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }
}

/// <summary>Whether the ledger adds up. When it does not, a person must look, and calls are served all the same.</summary>
internal sealed class LedgerHealth(LedgerGuard ledger) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        ledger.Findings is [var first, ..] ? HealthCheckResult.Degraded($"warning: {first.Sentence}") : HealthCheckResult.Healthy());
}

/// <summary>Whether the clock has gone on as time does. Where it has not, a person should look, and calls are served all the same.</summary>
internal sealed class ClockHealth(ClockWatch clocks) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        clocks.Warning is { } warning ? HealthCheckResult.Degraded($"warning: {warning}") : HealthCheckResult.Healthy());
}

/// <summary>Whether piles can connect, or an external broker is at hand.</summary>
internal sealed class BrokerHealth(Listeners listeners, IPileLink link) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (link.Trouble is { } trouble)
            return HealthCheckResult.Unhealthy(trouble);
        if (!listeners.Names.Contains(PileBrokerExtensions.EndpointName))
            return HealthCheckResult.Healthy();
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(listeners.Host(PileBrokerExtensions.EndpointName), listeners.Port(PileBrokerExtensions.EndpointName), cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (SocketException e)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }
}

/// <summary>Whether the server takes new calls: it is not on its way down.</summary>
internal sealed class NotDraining(IHostApplicationLifetime lifetime) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(lifetime.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("The server stops.") : HealthCheckResult.Healthy());
}

/// <summary>Adds health over gRPC (`grpc.health.v1`) and HTTP.</summary>
internal static class HealthSetup
{
    /// <summary>Registers the checks.</summary>
    public static void AddHealth(this IServiceCollection services) => services.AddGrpcHealthChecks()
        .AddCheck<StoreHealth>("store", timeout: Diagnostics.Patience)
        .AddCheck<LedgerHealth>("ledger")
        .AddCheck<BrokerHealth>("broker", timeout: Diagnostics.Patience)
        .AddCheck<NotDraining>("running")
        .AddCheck<ClockHealth>("clock");

    /// <summary>
    /// Maps `grpc.health.v1`; `/healthz`, which is 200 as long as the process lives; and `/readyz`, which is 200 when calls
    /// will work and else 503. Both answer what was checked as JSON.
    /// </summary>
    public static void MapHealth(this WebApplication app)
    {
        app.MapGrpcHealthChecksService();
        app.MapHealthChecks("/healthz", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync });
        app.MapHealthChecks("/readyz", new HealthCheckOptions { ResponseWriter = WriteAsync });
    }

    private static Task WriteAsync(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(new
    {
        ok = report.Status != HealthStatus.Unhealthy,
        checks = report.Entries.ToDictionary(check => check.Key, check => check.Value.Status == HealthStatus.Healthy ? "ok" : check.Value.Description ?? "failed"),
    });
}
