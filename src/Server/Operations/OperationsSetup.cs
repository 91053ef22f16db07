using Charging.Server.Storage;
using Grpc.AspNetCore.Server;

namespace Charging.Server.Operations;

/// <summary>Adds what operators call, and health.</summary>
public static class OperationsSetup
{
    /// <summary>Registers it.</summary>
    public static void AddOperations(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddObserver<OperatorKeys>();
        services.AddHostedService<OperatorKeyFile>();
        services.AddSingleton<OperatorInterceptor>();
        services.Configure<GrpcServiceOptions>(grpc => grpc.Interceptors.Add<OperatorInterceptor>());
        services.AddSingleton<Diagnostics>();
        services.AddSingleton<Backups>();
        services.AddSingleton<PileOpsRpc>();
        services.AddSingleton<CardOpsRpc>();
        services.AddSingleton<OrderOpsRpc>();
        services.AddSingleton<UserOpsRpc>();
        services.AddSingleton<LedgerOpsRpc>();
        services.AddSingleton<RefundOpsRpc>();
        services.AddSingleton<TariffOpsRpc>();
        services.AddSingleton<SystemRpc>();
        services.AddHealth();
    }

    /// <summary>Maps the methods and the health endpoints.</summary>
    public static void MapOperations(this WebApplication app)
    {
        app.MapGrpcService<PileOpsRpc>();
        app.MapGrpcService<CardOpsRpc>();
        app.MapGrpcService<OrderOpsRpc>();
        app.MapGrpcService<UserOpsRpc>();
        app.MapGrpcService<LedgerOpsRpc>();
        app.MapGrpcService<RefundOpsRpc>();
        app.MapGrpcService<TariffOpsRpc>();
        app.MapGrpcService<SystemRpc>();
        app.MapHealth();
    }
}
