namespace Charging.Server.Clock;

/// <summary>Adds the watch over the clocks.</summary>
public static class ClockSetup
{
    /// <summary>Registers it, before the services that measure time by it.</summary>
    public static void AddClockWatch(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ClockWatch>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ClockWatch>());
    }
}
