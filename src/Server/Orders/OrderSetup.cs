using Charging.Server.Calls;
using Charging.Server.Cards;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>Adds the orders.</summary>
public static class OrderSetup
{
    /// <summary>Registers them.</summary>
    /// <exception cref="StartupException">A setting makes no sense.</exception>
    public static void AddOrders(this WebApplicationBuilder builder)
    {
        builder.AddSettings<OrderOptions>("Charging:Orders", options => options.Complaint());
        var services = builder.Services;
        services.AddObserver<BusyPlugIndex>();
        services.AddObserver<OrderOutcomes>();
        services.AddDue<Reservations>();
        services.AddDue<EndNotices>();
        services.AddDue<CardNotices>();
        services.AddDue<Starts>();
        services.AddDue<Stops>();
        services.AddDue<LostCharges>();
        services.AddDue<OverdueCharges>();
        services.AddDue<UnconfirmedStarts>();
        services.AddDue<SpentCharges>();
        services.AddDue<RetiredPiles>();
        services.AddSingleton<Tariffs>();
        services.AddSingleton<TariffAdmin>();
        services.AddSingleton<RiderLimits>();
        services.AddSingleton<OrderPayments>();
        services.AddSingleton<MobilePayment>();
        services.AddSingleton<BalancePayment>();
        services.AddSingleton<StopRequests>();
        services.AddSingleton<ChargingDetails>();
        services.AddSingleton<OrderRecords>();
        services.AddSingleton<CardSwipes>();
        services.AddSingleton<RefusedSwipes>();
        services.AddSingleton<CardTravel>();
        services.AddSingleton<StatusCheck>();
        services.AddSingleton<AlarmStops>();
        services.AddSingleton<ImpossibleRecords>();
        services.AddSingleton<PileEvents>();
        services.AddSingleton<EventLimit>();
        services.AddSingleton<OrderRpc>();
    }

    /// <summary>Maps the methods.</summary>
    /// <exception cref="StartupException">Two settings do not fit each other.</exception>
    public static void MapOrders(this WebApplication app)
    {
        if (app.Services.GetRequiredService<CardsOptions>().MaxFenPerDay < app.Services.GetRequiredService<OrderOptions>().CardAmountFen)
            throw new StartupException("Charging:Cards:MaxFenPerDay is below Charging:Orders:CardAmountFen, so that no card could pay: raise the one, or lower the other.");
        app.MapGrpcService<OrderRpc>();
    }
}
