using System.Net;
using Charging.Ops.V1;
using Charging.Server.Storage;
using Charging.Testing;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>What load balancers and tools can find out without a key.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task A_server_that_runs_is_alive_and_ready()
    {
        await using var app = await ChargingApp.StartAsync();
        Assert.Equal((HttpStatusCode.OK, """{"ok":true,"checks":{}}"""), await GetAsync(app, "/healthz"));
        Assert.Equal((HttpStatusCode.OK, """{"ok":true,"checks":{"store":"ok","ledger":"ok","broker":"ok","running":"ok","clock":"ok"}}"""), await GetAsync(app, "/readyz"));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, await GrpcHealthAsync(app));
    }

    [Fact]
    public async Task A_server_on_its_way_down_is_alive_and_not_ready()
    {
        await using var app = await ChargingApp.StartAsync();
        app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(app, "/healthz")).Status);
        var (status, body) = await GetAsync(app, "/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("The server stops.", body);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, await GrpcHealthAsync(app));
    }

    [Fact]
    public async Task Without_its_store_a_server_is_not_ready_and_says_so_to_operators()
    {
        await using var app = await ChargingApp.StartAsync();
        await ((IAsyncDisposable)app.Services.GetRequiredService<IStore>()).DisposeAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync(app, "/readyz")).Status);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, await GrpcHealthAsync(app));

        var diagnosis = (await new SystemService.SystemServiceClient(app.AsOperator()).DiagnoseAsync(new DiagnoseRequest())).Diagnosis;
        Assert.False(diagnosis.StoreOk);
        Assert.Contains(diagnosis.Warnings, warning => warning.Contains("store"));
        var refusal = await Assert.ThrowsAsync<RpcException>(
            () => new CardService.CardServiceClient(app.AsOperator()).ListCardsAsync(new ListCardsRequest()).ResponseAsync);
        Assert.Equal(StatusCode.Unavailable, refusal.StatusCode);
    }

    [Fact]
    public async Task Reflection_lists_the_services()
    {
        await using var app = await ChargingApp.StartAsync();
        using var call = new ServerReflection.ServerReflectionClient(app.Grpc).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
        Assert.True(await call.ResponseStream.MoveNext(default));
        var services = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).ToList();
        foreach (var name in new[] { "CardService", "OrderService", "PileService", "SystemService", "UserService" })
            Assert.Contains($"charging.ops.v1.{name}", services);
        foreach (var name in new[] { "AccountService", "BalanceService", "CardService", "OrderService", "PileService" })
            Assert.Contains($"charging.miniprogram.v1.{name}", services);
        Assert.Contains("grpc.health.v1.Health", services);
        await call.RequestStream.CompleteAsync();
        // To its end, for a call that is cut off is an error in the server's log.
        Assert.False(await call.ResponseStream.MoveNext(default));
    }

    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(ChargingApp app, string path)
    {
        using var answer = await app.Http.GetAsync(path);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<HealthCheckResponse.Types.ServingStatus> GrpcHealthAsync(ChargingApp app) =>
        (await new Health.HealthClient(app.Grpc).CheckAsync(new HealthCheckRequest())).Status;
}
