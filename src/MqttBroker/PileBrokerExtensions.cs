using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Charging.MqttBroker;

/// <summary>How a host takes the broker in.</summary>
public static class PileBrokerExtensions
{
    /// <summary>The name of the broker's endpoint under <c>Kestrel:Endpoints</c>.</summary>
    public const string EndpointName = "Mqtt";

    /// <summary>Where the embedded broker listens when nothing is said.</summary>
    public const string DefaultUrl = "http://127.0.0.1:1883";

    /// <summary>
    /// Adds the embedded broker and <see cref="IPileLink"/>. The host registers an <see cref="IPileListener"/>,
    /// and calls <see cref="UsePileBroker"/> for the endpoint.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="section">The section with <see cref="PileBrokerOptions"/>.</param>
    /// <exception cref="OptionsValidationException">Thrown at start when a setting is out of range; it names the setting.</exception>
    public static IServiceCollection AddPileBroker(this IServiceCollection services, IConfiguration section)
    {
        services.AddBrokerParts(section);
        services.AddSingleton<ConnectGate>();
        services.AddSingleton<EmbeddedBroker>();
        services.AddSingleton<IPileLink>(provider => provider.GetRequiredService<EmbeddedBroker>());
        services.AddHostedService(provider => provider.GetRequiredService<EmbeddedBroker>());
        services.AddSingleton<PileConnectionHandler>();
        return services;
    }

    /// <summary>
    /// Adds a client of an external broker in place of the embedded one, behind the same <see cref="IPileLink"/> and
    /// <see cref="IPileListener"/>, and <see cref="ExternalAccess"/> for brokers that ask.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="section">The section with <see cref="PileBrokerOptions"/>.</param>
    /// <param name="place">Where the broker is.</param>
    public static IServiceCollection AddExternalBroker(this IServiceCollection services, IConfiguration section, ExternalBrokerPlace place)
    {
        services.AddBrokerParts(section);
        services.AddSingleton(place);
        services.AddSingleton<ExternalPiles>();
        services.AddSingleton<ExternalBroker>();
        services.AddSingleton<IPileLink>(provider => provider.GetRequiredService<ExternalBroker>());
        services.AddHostedService(provider => provider.GetRequiredService<ExternalBroker>());
        services.AddSingleton(provider => new ExternalAccess(provider.GetRequiredService<PileMailbox>(), place));
        return services;
    }

    private static void AddBrokerParts(this IServiceCollection services, IConfiguration section)
    {
        services.AddOptions<PileBrokerOptions>().Bind(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PileBrokerOptions>, OptionsCheck>();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<PileBrokerOptions>>().Value);
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<BrokerMetrics>();
        // Resolved at the first message: a listener answers through the link, so each of the two needs the other.
        services.AddSingleton(provider => new Lazy<IPileListener>(provider.GetRequiredService<IPileListener>));
        services.AddSingleton<PileMailbox>();
    }

    /// <summary>
    /// Makes the endpoint that the configuration names <c>Mqtt</c> (<c>Kestrel:Endpoints:Mqtt:Url</c>) the broker's.
    /// An https address with a certificate is MQTT over TLS.
    /// </summary>
    /// <param name="kestrel">The host's web server.</param>
    /// <param name="configured">Told of the endpoint while it is configured; its port is known after the start.</param>
    /// <remarks>An https address without a certificate is an <see cref="InvalidOperationException"/> when the configuration is loaded.</remarks>
    public static void UsePileBroker(this KestrelServerOptions kestrel, Action<ListenOptions>? configured = null)
    {
        var loader = kestrel.ConfigurationLoader ?? kestrel.Configure();
        loader.Endpoint(EndpointName, endpoint =>
        {
            configured?.Invoke(endpoint.ListenOptions);
            endpoint.ListenOptions.Use(kestrel.ApplicationServices.GetRequiredService<ConnectGate>().Guard);
            if (endpoint is { IsHttps: true, HttpsOptions: { ServerCertificate: null, ServerCertificateSelector: null } })
                throw new InvalidOperationException($"The endpoint {EndpointName} has no certificate");
            if (endpoint.IsHttps)
                endpoint.ListenOptions.UseHttps(endpoint.HttpsOptions);
            endpoint.ListenOptions.UseConnectionHandler<PileConnectionHandler>();
        });
    }

    private sealed class OptionsCheck : IValidateOptions<PileBrokerOptions>
    {
        public ValidateOptionsResult Validate(string? name, PileBrokerOptions options)
        {
            var faults = options.Faults().ToList();
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
