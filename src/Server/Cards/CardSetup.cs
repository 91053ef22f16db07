using Charging.Server.Calls;

namespace Charging.Server.Cards;

/// <summary>Adds the cards.</summary>
public static class CardSetup
{
    /// <summary>Registers them.</summary>
    /// <exception cref="StartupException">A setting makes no sense.</exception>
    public static void AddCards(this WebApplicationBuilder builder)
    {
        builder.AddSettings<CardsOptions>("Charging:Cards", options => options.Complaint());
        builder.Services.AddSingleton<Cards>();
        builder.Services.AddSingleton<CardLimits>();
        builder.Services.AddSingleton<CardRpc>();
    }

    /// <summary>Maps the methods.</summary>
    public static void MapCards(this WebApplication app) => app.MapGrpcService<CardRpc>();
}
