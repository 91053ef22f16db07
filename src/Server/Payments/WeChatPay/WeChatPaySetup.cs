using Charging.Server.Calls;

namespace Charging.Server.Payments.WeChatPay;

/// <summary>Adds WeChat Pay as the one who takes the money.</summary>
internal static class WeChatPaySetup
{
    /// <summary>Registers it.</summary>
    /// <exception cref="StartupException">A setting or a key is missing or makes no sense.</exception>
    public static void AddWeChatPay(this WebApplicationBuilder builder)
    {
        var options = builder.AddSettings<WeChatPayOptions>("Charging:Payment:WeChatPay", settings => settings.Complaint());
        var services = builder.Services;
        services.AddSingleton(MerchantKeys.Load(options));
        // Requests are not logged by the client: their headers are signatures.
        services.AddHttpClient(WeChatPayTransport.ClientName)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
            .RemoveAllLoggers();
        services.AddSingleton<WeChatPayTransport>();
        services.AddSingleton<PlatformKeys>();
        services.AddSingleton<WeChatPayCallbacks>();
        services.AddSingleton<IPaymentProvider, WeChatPayProvider>();
    }

    /// <summary>Maps the callbacks, where WeChat Pay takes the money.</summary>
    public static void MapWeChatPay(this WebApplication app)
    {
        // Made by the first request: what they are made of opens the store.
        if (!app.Has<WeChatPayCallbacks>())
            return;
        app.MapPost(WeChatPayCallbacks.PaymentPath, (HttpContext context, WeChatPayCallbacks callbacks) => callbacks.PaidAsync(context));
        app.MapPost(WeChatPayCallbacks.RefundPath, (HttpContext context, WeChatPayCallbacks callbacks) => callbacks.RefundedAsync(context));
    }
}
