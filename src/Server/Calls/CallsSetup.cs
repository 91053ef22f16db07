using System.Net;
using System.Security.Cryptography;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Charging.Server.Calls;

/// <summary>Adds what all calls share: the listeners, gRPC with its JSON routes, the interceptor, the envelope.</summary>
public static class CallsSetup
{
    // More than a request may have, so that a client with too long a body can finish sending it and read its 403.
    private const long MaxTransportBytes = 4 * 1024 * 1024;

    private static readonly string[] EndpointNames = ["Http", "Grpc", "Mqtt"];

    // For everything that stops after the calls. With the store, which is closed last, a server ends within 15 s.
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(2);

    /// <summary>Registers it.</summary>
    /// <exception cref="StartupException">A setting makes no sense.</exception>
    public static void AddCalls(this WebApplicationBuilder builder)
    {
        CheckEndpoints(builder.Configuration.GetSection("Kestrel:Endpoints"));
        var listeners = new Listeners();
        builder.Services.AddSingleton(listeners);
        builder.Services.AddSingleton<CallInterceptor>();
        builder.Services.AddSingleton<ProxyCheck>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<RateLimits>();
        var options = builder.AddSettings<ServerOptions>("Charging", options => options.Complaint());
        builder.Services.AddSingleton<Drain>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<Drain>());
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainNotice + Drain.MaxWait + StopTime);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxTransportBytes;
            foreach (var name in new[] { "Http", "Grpc" })
                kestrel.ConfigurationLoader!.Endpoint(name, endpoint => listeners.Add(name, endpoint.ListenOptions));
        });
        builder.Services
            .AddGrpc(grpc =>
            {
                grpc.Interceptors.Add<CallInterceptor>();
                grpc.MaxReceiveMessageSize = Envelope.MaxBodyBytes;
            })
            .AddJsonTranscoding(json => json.TypeRegistry = TypeRegistry.FromMessages(ErrorInfo.Descriptor));
        builder.Services.AddGrpcReflection();
    }

    /// <summary>Puts the envelope before the methods. Each feature maps its own methods afterwards.</summary>
    /// <exception cref="StartupException">A certificate cannot be used.</exception>
    public static void UseCalls(this WebApplication app)
    {
        LoadCertificates(app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value);
        var options = app.Services.GetRequiredService<ServerOptions>();
        app.Use(KeepToTls);
        app.Use(app.Services.GetRequiredService<ProxyCheck>().LookAsync);
        if (options.TrustedProxies.Length > 0)
            app.UseForwardedHeaders(Trust(options));
        app.UseRouting();
        app.Use(RefuseOtherSpellings);
        app.UseMiddleware<Envelope>();
        app.MapGrpcReflectionService();
        app.Lifetime.ApplicationStarted.Register(() => CallLog.Listening(
            app.Logger, app.Services.GetRequiredService<Listeners>().ToString(), Path.GetFullPath(options.DataDirectory), app.Environment.EnvironmentName));
    }

    // At the start of the answer, because the envelope clears the headers of a refusal.
    private static Task KeepToTls(HttpContext context, RequestDelegate next)
    {
        if (context.Request.IsHttps)
            context.Response.OnStarting(RequireTls, context);
        return next(context);

        static Task RequireTls(object context)
        {
            ((HttpContext)context).Response.Headers.StrictTransportSecurity = "max-age=31536000";
            return Task.CompletedTask;
        }
    }

    // What guards a method goes by its path, which is exact in gRPC. Routing alone would also take /CHARGING.OPS.V1… for it.
    private static Task RefuseOtherSpellings(HttpContext context, RequestDelegate next)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        var isGrpc = metadata?.GetMetadata<GrpcJsonTranscodingMetadata>() is null;
        if (!isGrpc || metadata?.GetMetadata<GrpcMethodMetadata>() is not { } method || context.Request.Path.Value == method.Method.FullName)
            return next(context);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    // Kestrel's own fault of an address does not say which setting it was.
    private static void CheckEndpoints(IConfigurationSection endpoints)
    {
        // Kestrel would open another one as well, and everything but piles be served there.
        if (endpoints.GetChildren().FirstOrDefault(endpoint => !EndpointNames.Contains(endpoint.Key, StringComparer.OrdinalIgnoreCase)) is { } other)
            throw new StartupException($"{other.Path} is no endpoint of this server: name it {string.Join(", ", EndpointNames)}, or leave it out.");
        foreach (var url in endpoints.GetChildren().Select(endpoint => endpoint.GetSection("Url")).Where(url => url.Value is not null))
        {
            try
            {
                if (BindingAddress.Parse(url.Value!).Port is >= 0 and <= IPEndPoint.MaxPort)
                    continue;
            }
            catch (FormatException)
            {
                // No address at all.
            }
            throw new StartupException($"{url.Path} '{url.Value}' is no address: give one such as http://127.0.0.1:8090.");
        }
    }

    // Kestrel would load them at the start, and its own fault of one does not say which setting it was.
    private static void LoadCertificates(KestrelServerOptions kestrel)
    {
        try
        {
            kestrel.ConfigurationLoader!.Load();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException or InvalidOperationException)
        {
            throw new StartupException(
                $"Kestrel:Certificates:Default, or the certificate of an endpoint, cannot be used ({e.Message.Split('\n')[0].TrimEnd('.')}): "
                + "give PEM files that the server's user may read, the certificate in Path and its key in KeyPath.", e);
        }
    }

    private static ForwardedHeadersOptions Trust(ServerOptions options)
    {
        // No limit on the number of proxies: the first address that is not a trusted proxy's is the caller's.
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in options.TrustedProxies)
            forwarded.KnownProxies.Add(IPAddress.Parse(proxy));
        return forwarded;
    }
}
