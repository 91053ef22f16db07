using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>Adds the piles and the broker that they speak to.</summary>
public static class PileSetup
{
    private const string EndpointUrl = $"Kestrel:Endpoints:{PileBrokerExtensions.EndpointName}:Url";

    /// <summary>Registers them.</summary>
    /// <exception cref="StartupException">A setting makes no sense.</exception>
    public static void AddPiles(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        var mqtt = builder.AddSettings<MqttOptions>("Charging:Mqtt");
        builder.AddSettings<PileOptions>("Charging:Piles", options => options.Complaint());
        builder.KnowSettings<PileBrokerOptions>(PileBrokerOptions.Section);
        if (mqtt.Mode == BrokerMode.External)
            builder.AddExternalBroker(mqtt);
        else
            builder.AddEmbeddedBroker(mqtt);
        services.AddObserver<PileRegistry>();
        services.AddSingleton<PileAccess>();
        services.AddSingleton<MqttExport>();
        services.AddSingleton<Board>();
        services.AddSingleton<PileAdmin>();
        services.AddSingleton<PileStates>();
        services.AddSingleton<PileCommands>();
        services.AddSingleton<PileClocks>();
        services.AddSingleton<PileResults>();
        services.AddSingleton<IPileListener, PileInbox>();
        services.AddSingleton<PileRpc>();
        services.AddHostedService<EventCleanup>();
    }

    /// <summary>Maps the methods, and what an external broker asks.</summary>
    public static void MapPiles(this WebApplication app)
    {
        app.MapGrpcService<PileRpc>();
        app.MapBrokerHooks();
    }

    private static void AddEmbeddedBroker(this WebApplicationBuilder builder, MqttOptions mqtt)
    {
        if (mqtt.OfExternal is { } name)
            throw new StartupException($"{name} is set, but Charging:Mqtt:Mode is Embedded, by which the piles connect to this server itself: set Charging:Mqtt:Mode=External, or leave it out.");
        if (string.IsNullOrEmpty(builder.Configuration[EndpointUrl]))
            builder.Configuration[EndpointUrl] = PileBrokerExtensions.DefaultUrl;
        builder.Services.AddPileBroker(builder.Configuration.GetSection(PileBrokerOptions.Section));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.UsePileBroker(
            endpoint => kestrel.ApplicationServices.GetRequiredService<Listeners>().Add(PileBrokerExtensions.EndpointName, endpoint)));
    }

    private static void AddExternalBroker(this WebApplicationBuilder builder, MqttOptions mqtt)
    {
        if (!string.IsNullOrEmpty(builder.Configuration[EndpointUrl]))
            throw new StartupException($"{EndpointUrl} is set, but with an external broker no pile connects here: leave it out, or leave out Charging:Mqtt:Mode.");
        builder.Services.AddExternalBroker(builder.Configuration.GetSection(PileBrokerOptions.Section), mqtt.Place());
        if (mqtt.ReadHookSecret() is { } secret)
            builder.Services.AddSingleton(provider => new BrokerHooks(provider.GetRequiredService<ExternalAccess>(), secret));
    }
}
