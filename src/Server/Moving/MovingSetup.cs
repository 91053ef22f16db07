using System.Reflection;
using System.Text.Json;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Operations;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Charging.Server.Moving;

/// <summary>
/// A server that is started with `Charging:Store:Moving`: its store, its operators' keys, and the methods that export and
/// import. Riders and piles are sent away, and nothing that is due is done.
/// </summary>
public static class MovingSetup
{
    private const int MaxMessageBytes = 4 << 20;

    /// <summary>Version of the server.</summary>
    internal static readonly string Version =
        typeof(MovingSetup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>Registers it.</summary>
    public static WebApplicationBuilder AddMoving(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigurationLoader!.Endpoint(PileBrokerExtensions.EndpointName, endpoint =>
        {
            kestrel.ApplicationServices.GetRequiredService<Listeners>().Add(PileBrokerExtensions.EndpointName, endpoint.ListenOptions);
            endpoint.ListenOptions.Use(_ => HangUp);
        }));
        // It knows riders by their tokens, and there are none here.
        services.RemoveAll<CallInterceptor>();
        services.AddObserver<OperatorKeys>();
        services.AddHostedService<OperatorKeyFile>();
        services.AddSingleton<OperatorInterceptor>();
        services.AddSingleton<FailedSignIns>();
        services.AddSingleton<SignIn>();
        services.AddSingleton<BulkReads>();
        services.Configure<GrpcServiceOptions>(grpc =>
        {
            grpc.Interceptors.Clear();
            grpc.Interceptors.Add<OperatorInterceptor>();
            grpc.MaxReceiveMessageSize = MaxMessageBytes;
            grpc.IgnoreUnknownServices = true;
        });
        builder.AddLedgerCheck();
        builder.RefuseUnknownSettings(isWhole: false);
        // An export is one change.
        services.AddSingleton(new OperationsOptions());
        services.AddSingleton<Changes>();
        services.AddSingleton<StoreExport>();
        services.AddSingleton<MoveDesk>();
        services.AddSingleton<MoveRpc>();
        return builder;
    }

    /// <summary>Maps the methods, and what everybody else is told; and opens the store.</summary>
    public static WebApplication MapMoving(this WebApplication app)
    {
        app.Use((context, next) => context.Request.Path.StartsWithSegments(Envelope.Prefix, StringComparison.OrdinalIgnoreCase) ? SendRiderAway(context) : next(context));
        app.UseCalls();
        app.UseMiddleware<OpsRoutes>();
        app.MapGrpcService<MoveRpc>();
        app.MapGet("/healthz", () => Results.Json(new { ok = true, checks = new { } }));
        app.MapFallback("{**path}", SendAway);
        app.OpenStore();
        return app;
    }

    /// <summary>A pile keeps what it has to say and calls again.</summary>
    private static Task HangUp(ConnectionContext connection)
    {
        connection.Abort(new ConnectionAbortedException("The server is started to be moved."));
        return Task.CompletedTask;
    }

    private static Task SendRiderAway(HttpContext context) => context.Response.WriteAsJsonAsync(
        new { success = false, code = ResultCode.Busy.Code, message = ResultCode.Busy.Message },
        new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static Task SendAway(HttpContext context)
    {
        const string sentence = "This server is started to be moved (Charging:Store:Moving) and serves export, import and reopen alone.";
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true)
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = "14";
            context.Response.Headers["grpc-message"] = sentence;
            return Task.CompletedTask;
        }
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return context.Response.WriteAsync(sentence, context.RequestAborted);
    }
}
