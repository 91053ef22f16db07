using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Storage;
using Grpc.AspNetCore.Server;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Charging.Server.Telemetry;

/// <summary>Adds what operators look at from outside: `/metrics`, and traces and metrics over OTLP by configuration.</summary>
public static class TelemetrySetup
{
    private const string ServiceName = "charging";

    /// <summary>Registers it. What nobody has asked for is not there, and costs nothing.</summary>
    /// <exception cref="StartupException">A setting makes no sense.</exception>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var options = builder.AddSettings<TelemetryOptions>("Charging:Telemetry", options => options.Complaint());
        var services = builder.Services;
        LimitLog(services);
        services.AddSingleton<MetricsPage>();
        services.AddObserver<ChargeWatch>();
        if (options is { Metrics: MetricsAccess.Off, OtlpEndpoint: null })
            return;
        services.AddHostedService<ServerGauges>();
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(ServiceName, serviceVersion: typeof(TelemetrySetup).Assembly.GetName().Version!.ToString()))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(ServerMeter.Name, BrokerMetrics.MeterName, "System.Runtime");
                if (options.Metrics != MetricsAccess.Off)
                    metrics.AddPrometheusExporter();
                if (options.OtlpEndpoint is { } endpoint)
                    metrics.AddOtlpExporter((otlp, _) => Send(otlp, endpoint));
            });
        if (options.OtlpEndpoint is { } address)
            AddTraces(services, telemetry, address);
    }

    /// <summary>Maps `/metrics`, before anything that has an opinion on paths.</summary>
    public static void UseTelemetry(this WebApplication app)
    {
        var page = app.Services.GetRequiredService<MetricsPage>();
        app.MapWhen(context => context.Request.Path == "/metrics", branch =>
        {
            branch.Use(page.GuardAsync);
            if (app.Services.GetRequiredService<TelemetryOptions>().Metrics != MetricsAccess.Off)
                branch.UseOpenTelemetryPrometheusScrapingEndpoint();
        });
    }

    private static void LimitLog(IServiceCollection services)
    {
        services.RemoveAll<ILoggerProvider>();
        services.AddSingleton<ILoggerProvider>(provider => new LimitedLogProvider(
            ActivatorUtilities.CreateInstance<ConsoleLoggerProvider>(provider), provider.GetRequiredService<TimeProvider>()));
    }

    private static void AddTraces(IServiceCollection services, OpenTelemetryBuilder telemetry, string endpoint)
    {
        services.AddObserver<ChargeTraces>();
        services.AddSingleton<TraceInterceptor>();
        services.Configure<GrpcServiceOptions>(grpc => grpc.Interceptors.Add<TraceInterceptor>());
        telemetry.WithTracing(traces => traces
            .AddSource(ChargeTrace.Source.Name)
            .AddAspNetCoreInstrumentation(http => http.Filter = context => !IsProbe(context.Request.Path))
            .AddOtlpExporter(otlp => Send(otlp, endpoint)));
    }

    private static bool IsProbe(PathString path) => path == "/healthz" || path == "/readyz" || path == "/metrics";

    private static void Send(OtlpExporterOptions otlp, string endpoint)
    {
        otlp.Endpoint = new Uri(endpoint);
        otlp.Protocol = OtlpExportProtocol.Grpc;
    }
}
