using Charging.Server.Calls;

namespace Charging.Server.Accounts.MiniProgram;

/// <summary>Adds the mini-program's WeChat.</summary>
internal static class MiniProgramSetup
{
    private const string ProviderSetting = "Charging:MiniProgram:Provider";
    private const string SandboxSetting = "Charging:AllowSandbox";

    /// <summary>Registers it. Outside Development without a provider there is none, and the server starts all the same: charging by card works without.</summary>
    /// <exception cref="StartupException">A setting is missing or makes no sense.</exception>
    public static void AddMiniProgram(this WebApplicationBuilder builder)
    {
        var options = builder.AddSettings<MiniProgramOptions>("Charging:MiniProgram", settings => settings.Complaint());
        builder.Services.AddSingleton<RiderOpenIds>();
        switch (options.Provider ?? (builder.Environment.IsDevelopment() ? "Sandbox" : null))
        {
            case "Sandbox" when builder.Environment.IsDevelopment() || builder.Configuration.GetValue<bool>(SandboxSetting):
                builder.Services.AddSingleton<IMiniProgram, SandboxMiniProgram>();
                break;
            case "Sandbox":
                throw new StartupException($"{ProviderSetting} is Sandbox, for which anybody is who they say: set {SandboxSetting} to true if that is what you want.");
            case "WeChat":
                builder.AddWeChat(options);
                break;
            case null:
                builder.Services.AddSingleton<IMiniProgram, NoMiniProgram>();
                break;
            case var other:
                throw new StartupException($"{ProviderSetting} is '{other}', which is not known: set it to WeChat or Sandbox.");
        }
    }

    private static void AddWeChat(this WebApplicationBuilder builder, MiniProgramOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.AppId))
            throw new StartupException("Charging:MiniProgram:AppId is not set: give the mini-program's id, wx….");
        // An openid is of one mini-program; under another's id no payment can be made with it.
        if (builder.Configuration["Charging:Payment:WeChatPay:AppId"] is { } paying && paying != options.AppId)
            throw new StartupException("Charging:MiniProgram:AppId and Charging:Payment:WeChatPay:AppId differ: give both the id of the mini-program in which riders pay.");
        var secret = SecretSetting.Read(options.AppSecret, options.AppSecretFile, "Charging:MiniProgram:AppSecret", "the AppSecret of the mini-program");
        builder.Services.AddSingleton(new MiniProgramSecret(secret));
        // The client logs addresses, and these hold the secret.
        builder.Services.AddHttpClient(WeChatMiniProgram.ClientName)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
            .RemoveAllLoggers();
        builder.Services.AddSingleton<IMiniProgram, WeChatMiniProgram>();
    }
}
