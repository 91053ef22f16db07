using Charging.Server.Calls;

namespace Charging.Server.Accounts.Sms;

/// <summary>Adds whoever sends the validation codes.</summary>
internal static class SmsSetup
{
    private const string ProviderSetting = "Charging:Sms:Provider";

    /// <summary>Registers the sender that the settings name.</summary>
    /// <exception cref="StartupException">A setting is missing or makes no sense, or nobody was named who sends SMS.</exception>
    public static void AddSms(this WebApplicationBuilder builder, CodesOptions codes)
    {
        var options = builder.AddSettings<SmsOptions>("Charging:Sms", settings => settings.Complaint());
        builder.KnowSettings<TencentSmsOptions>("Charging:Sms:Tencent");
        builder.KnowSettings<WebhookSmsOptions>("Charging:Sms:Webhook");
        switch (options.Provider ?? (builder.Environment.IsDevelopment() ? "Console" : null))
        {
            case "Console":
                builder.Services.AddSingleton<ISmsSender, ConsoleSmsSender>();
                break;
            case "Tencent":
                builder.AddTencent(codes);
                break;
            case "Webhook":
                builder.AddWebhook();
                break;
            case null:
                throw new StartupException($"{ProviderSetting} is not set: name who sends the validation codes, Tencent or Webhook (Console writes them to the log).");
            case var other:
                throw new StartupException($"{ProviderSetting} is '{other}', which is not known: set it to Tencent, Webhook or Console.");
        }
    }

    private static void AddTencent(this WebApplicationBuilder builder, CodesOptions codes)
    {
        var options = builder.AddSettings<TencentSmsOptions>("Charging:Sms:Tencent", settings => settings.Complaint(codes));
        var key = SecretSetting.Read(options.SecretKey, options.SecretKeyFile, "Charging:Sms:Tencent:SecretKey", "the SecretKey of the API key");
        builder.Services.AddSingleton(new TencentSignature(options.SecretId!, key));
        builder.AddClient();
        builder.Services.AddSingleton<ISmsSender, TencentSmsSender>();
    }

    private static void AddWebhook(this WebApplicationBuilder builder)
    {
        const string Secret = "Charging:Sms:Webhook:Secret";
        var options = builder.AddSettings<WebhookSmsOptions>("Charging:Sms:Webhook", settings => settings.Complaint());
        var secret = SecretSetting.Read(options.Secret, options.SecretFile, Secret, "the secret that the receiver checks signatures with");
        if (secret.Length < WebhookSignature.MinSecretLength)
            throw new StartupException($"{Secret} is shorter than {WebhookSignature.MinSecretLength} characters and can be guessed: make one with `openssl rand -hex 32`.");
        builder.Services.AddSingleton(new WebhookSignature(secret));
        builder.AddClient();
        builder.Services.AddSingleton<ISmsSender, WebhookSmsSender>();
    }

    private static void AddClient(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<SmsClient>();
        builder.Services.AddHttpClient(SmsClient.Name, client => client.Timeout = Timeout.InfiniteTimeSpan)
            // Its log lines hold the address, which may be a secret, and on Trace the headers.
            .RemoveAllLoggers()
            // The pool below renews its connections itself, so that a vendor's new address is found.
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                // A code goes to the address in the settings and nowhere else.
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            });
    }
}
