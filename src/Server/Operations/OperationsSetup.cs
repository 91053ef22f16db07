using Charging.Server.Calls;
using Charging.Server.Operations.LiveBoard;
using Charging.Server.Stations;
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
        services.AddSingleton<RestoreComparison>();
        services.AddSingleton<RestoreCheck>();
        services.AddHostedService(provider => provider.GetRequiredService<RestoreCheck>());
        services.AddSingleton<OperatorInterceptor>();
        services.AddSingleton<FailedSignIns>();
        services.AddSingleton<SignIn>();
        services.AddSingleton<BulkReads>();
        services.Configure<GrpcServiceOptions>(grpc => grpc.Interceptors.Add<OperatorInterceptor>());
        builder.AddSettings<OperationsOptions>("Charging:Operations", options => options.Complaint());
        services.AddObserver<StationIndex>();
        services.AddObserver<Feeds>();
        services.AddSingleton<Diagnostics>();
        services.AddSingleton<Backups>();
        services.AddSingleton<RestoreActions>();
        services.AddSingleton<Changes>();
        services.AddSingleton<Limits>();
        services.AddSingleton<Watching>();
        services.AddSingleton<PileViews>();
        services.AddSingleton<PileWatch>();
        services.AddSingleton<PileInstructions>();
        services.AddSingleton<PauseActions>();
        services.AddSingleton<OrderWatch>();
        services.AddSingleton<DarkOrders>();
        services.AddSingleton<OrderActions>();
        services.AddSingleton<OrderTimeline>();
        services.AddSingleton<AlarmWatch>();
        services.AddSingleton<PileOpsRpc>();
        services.AddSingleton<StationOpsRpc>();
        services.AddSingleton<CardOpsRpc>();
        services.AddSingleton<OrderOpsRpc>();
        services.AddSingleton<UserOpsRpc>();
        services.AddSingleton<LedgerOpsRpc>();
        services.AddSingleton<RefundOpsRpc>();
        services.AddSingleton<TariffOpsRpc>();
        services.AddSingleton<AlarmOpsRpc>();
        services.AddSingleton<ReportOpsRpc>();
        services.AddSingleton<KeyOpsRpc>();
        services.AddSingleton<AuditOpsRpc>();
        services.AddSingleton<SystemRpc>();
        services.AddHealth();
    }

    /// <summary>Maps the methods, the health endpoints and the live board.</summary>
    public static void MapOperations(this WebApplication app)
    {
        app.UseMiddleware<OpsRoutes>();
        app.MapGrpcService<PileOpsRpc>();
        app.MapGrpcService<StationOpsRpc>();
        app.MapGrpcService<CardOpsRpc>();
        app.MapGrpcService<OrderOpsRpc>();
        app.MapGrpcService<UserOpsRpc>();
        app.MapGrpcService<LedgerOpsRpc>();
        app.MapGrpcService<RefundOpsRpc>();
        app.MapGrpcService<TariffOpsRpc>();
        app.MapGrpcService<AlarmOpsRpc>();
        app.MapGrpcService<ReportOpsRpc>();
        app.MapGrpcService<KeyOpsRpc>();
        app.MapGrpcService<AuditOpsRpc>();
        app.MapGrpcService<SystemRpc>();
        app.MapHealth();
        app.MapLiveBoard();
    }
}
