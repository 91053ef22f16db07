using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
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

    /// <summary>
    /// Adds the embedded broker and <see cref="IPileLink"/>. The host registers an <see cref="IPileListener"/>,
    /// and calls <see cref="UsePileBroker"/> for the endpoint.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="section">The section with <see cref="PileBrokerOptions"/>.</param>
    /// <exception cref="OptionsValidationException">Thrown at start when a setting is out of range; it names the setting.</exception>
    public static IServiceCollection AddPileBroker(this IServiceCollection services, IConfiguration section)
    {
        services.AddOptions<PileBrokerOptions>().Bind(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PileBrokerOptions>, OptionsCheck>();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<PileBrokerOptions>>().Value);

        // Kestrel reads up to 1 MiB ahead of a connection that is slowed down; a few packets are enough, and stay in the processor's cache.
        services.Configure<SocketTransportOptions>(sockets => sockets.MaxReadBufferSize = 4 * Codec.MaxMessageBytes);
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<BrokerMetrics>();
        services.AddSingleton<ConnectGate>();
        services.AddSingleton<PileMailbox>();
        services.AddSingleton<EmbeddedBroker>();
        services.AddSingleton<IPileLink>(provider => provider.GetRequiredService<EmbeddedBroker>());
        services.AddHostedService(provider => provider.GetRequiredService<EmbeddedBroker>());
        services.AddSingleton<PileConnectionHandler>();
        return services;
    }

    /// <summary>
    /// Makes the endpoint that the configuration names <c>Mqtt</c> (<c>Kestrel:Endpoints:Mqtt:Url</c>) the broker's.
    /// An https address with a certificate is MQTT over TLS.
    /// </summary>
    public static void UsePileBroker(this KestrelServerOptions kestrel)
    {
        var loader = kestrel.ConfigurationLoader ?? kestrel.Configure();
        loader.Endpoint(EndpointName, endpoint =>
        {
            endpoint.ListenOptions.Use(kestrel.ApplicationServices.GetRequiredService<ConnectGate>().Guard);
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
