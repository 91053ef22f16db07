using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>Adds the piles and the embedded broker that they speak to.</summary>
public static class PileSetup
{
    /// <summary>Registers them.</summary>
    public static void AddPiles(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddPileBroker(builder.Configuration.GetSection("Charging:Mqtt"));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.UsePileBroker(
            endpoint => kestrel.ApplicationServices.GetRequiredService<Listeners>().Add(PileBrokerExtensions.EndpointName, endpoint)));
        services.AddObserver<PileRegistry>();
        services.AddSingleton<Board>();
        services.AddSingleton<PileAdmin>();
        services.AddSingleton<PileStates>();
        services.AddSingleton<PileCommands>();
        services.AddSingleton<PileResults>();
        services.AddSingleton<IPileListener, PileInbox>();
        services.AddSingleton<PileRpc>();
        services.AddHostedService<EventUpkeep>();
    }

    /// <summary>Maps the methods.</summary>
    public static void MapPiles(this WebApplication app) => app.MapGrpcService<PileRpc>();
}
