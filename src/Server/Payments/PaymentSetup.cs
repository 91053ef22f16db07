using Charging.Server.Calls;
using Charging.Server.Payments.WeChatPay;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>Adds payments, top-ups and the provider.</summary>
public static class PaymentSetup
{
    private const string ProviderSetting = "Charging:Payment:Provider";
    private const string SandboxSetting = "Charging:AllowSandbox";

    /// <summary>Registers them.</summary>
    /// <exception cref="StartupException">A setting makes no sense, or nobody was named who takes the money.</exception>
    public static void AddPayments(this WebApplicationBuilder builder)
    {
        var options = builder.AddSettings<PaymentOptions>("Charging:Payment", settings => settings.Complaint());
        builder.KnowSettings<WeChatPayOptions>("Charging:Payment:WeChatPay");
        builder.AddProvider(options.Provider ?? (builder.Environment.IsDevelopment() ? "Sandbox" : null));
        builder.Services.AddSingleton<PaymentCheck>();
        builder.Services.AddSingleton<Balances>();
        builder.Services.AddSingleton<TopUps>();
        builder.Services.AddSingleton<PaymentEffects>();
        builder.Services.AddSingleton<Prepayments>();
        foreach (var kind in new[] { DueKind.Close, DueKind.Surplus })
            builder.Services.AddSingleton<IDueHandler>(services => ActivatorUtilities.CreateInstance<UnpaidOrders>(services, kind));
        builder.Services.AddDue<Refunds>();
        builder.AddLedger();
        builder.Services.AddSingleton<BalanceRpc>();
        builder.Services.AddSingleton<PaymentRpc>();
    }

    /// <summary>Maps the methods.</summary>
    public static void MapPayments(this WebApplication app)
    {
        app.MapGrpcService<BalanceRpc>();
        app.MapGrpcService<PaymentRpc>();
        app.MapWeChatPay();
        if (!app.Environment.IsDevelopment() && app.Has<SandboxPaymentProvider>())
            PaymentLog.SandboxOutsideDevelopment(app.Logger);
    }

    /// <summary>Whether a service is registered, without making it: much of what there is would open the store.</summary>
    internal static bool Has<T>(this WebApplication app) => app.Services.GetRequiredService<IServiceProviderIsService>().IsService(typeof(T));

    /// <summary>Registers the full check of the ledger alone.</summary>
    internal static void AddLedgerCheck(this WebApplicationBuilder builder)
    {
        builder.AddSettings<LedgerOptions>("Charging:Ledger");
        builder.Services.AddSingleton<LedgerCheck>();
    }

    private static void AddLedger(this WebApplicationBuilder builder)
    {
        builder.AddLedgerCheck();
        builder.Services.AddObserver<LedgerGuard>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LedgerGuard>());
        builder.Services.AddSingleton<LedgerStatements>();
        builder.Services.AddSingleton<Reconciliation>();
    }

    private static void AddProvider(this WebApplicationBuilder builder, string? provider)
    {
        switch (provider)
        {
            case "Sandbox" when builder.Environment.IsDevelopment() || builder.Configuration.GetValue<bool>(SandboxSetting):
                builder.Services.AddSingleton<SandboxPaymentProvider>();
                builder.Services.AddSingleton<IPaymentProvider>(services => services.GetRequiredService<SandboxPaymentProvider>());
                break;
            case "Sandbox":
                throw new StartupException($"{ProviderSetting} is Sandbox, which gives charges away: set {SandboxSetting} to true if that is what you want.");
            case "WeChatPay":
                builder.AddWeChatPay();
                break;
            case null:
                throw new StartupException($"{ProviderSetting} is not set: name who takes the riders' money, WeChatPay for example.");
            default:
                throw new StartupException($"{ProviderSetting} is '{provider}', which is not known: set it to WeChatPay or Sandbox.");
        }
    }
}

/// <summary>The log messages of the payments.</summary>
internal static partial class PaymentLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "The sandbox takes the payments: every charge is given away.")]
    public static partial void SandboxOutsideDevelopment(ILogger logger);
}
