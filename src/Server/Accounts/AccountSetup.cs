using Charging.Server.Accounts.MiniProgram;
using Charging.Server.Accounts.Sms;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Accounts;

/// <summary>Adds codes, registration, login and tokens.</summary>
public static class AccountSetup
{
    /// <summary>Registers them.</summary>
    /// <exception cref="StartupException">A setting makes no sense, or nobody was named who sends SMS.</exception>
    public static void AddAccounts(this WebApplicationBuilder builder)
    {
        var codes = builder.AddSettings<CodesOptions>("Charging:Codes", options => options.Complaint());
        builder.AddSettings<AccountOptions>("Charging:Accounts", options => options.Complaint());
        builder.AddSms(codes);
        builder.AddMiniProgram();
        builder.Services.AddSingleton<AttemptLimits>();
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
        if (!app.Environment.IsDevelopment() && app.Services.GetRequiredService<IMiniProgram>() is SandboxMiniProgram)
            AccountLog.SandboxOutsideDevelopment(app.Logger);
    }
}
