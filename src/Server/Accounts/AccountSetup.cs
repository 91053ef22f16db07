using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Accounts;

/// <summary>Adds codes, registration, login and tokens.</summary>
public static class AccountSetup
{
    private const string ProviderSetting = "Charging:Sms:Provider";

    /// <summary>Registers them.</summary>
    /// <exception cref="StartupException">A setting makes no sense, or nobody was named who sends SMS.</exception>
    public static void AddAccounts(this WebApplicationBuilder builder)
    {
        builder.AddSettings<CodesOptions>("Charging:Codes", options => options.Complaint());
        builder.AddSms();
        builder.Services.AddSingleton<AddressLimit>();
        builder.Services.AddSingleton<Codes>();
        builder.Services.AddSingleton<Riders>();
        builder.Services.AddSingleton<Tokens>();
        builder.Services.AddSingleton<TokenIndex>();
        builder.Services.AddSingleton<IStoreObserver>(services => services.GetRequiredService<TokenIndex>());
        builder.Services.AddHostedService<Upkeep>();
        builder.Services.AddSingleton<AccountRpc>();
    }

    /// <summary>Maps the methods.</summary>
    public static void MapAccounts(this WebApplication app)
    {
        app.MapGrpcService<AccountRpc>();
        if (!app.Environment.IsDevelopment() && app.Services.GetRequiredService<ISmsSender>() is ConsoleSmsSender)
            AccountLog.ConsoleOutsideDevelopment(app.Logger);
    }

    private static void AddSms(this WebApplicationBuilder builder)
    {
        switch (builder.Configuration[ProviderSetting] ?? (builder.Environment.IsDevelopment() ? "Console" : null))
        {
            case "Console":
                builder.Services.AddSingleton<ISmsSender, ConsoleSmsSender>();
                break;
            case null:
                throw new StartupException($"{ProviderSetting} is not set: name who sends the validation codes (Console writes them to the log).");
            case var other:
                throw new StartupException($"{ProviderSetting} is '{other}', which is not known: set it to Console.");
        }
    }
}
