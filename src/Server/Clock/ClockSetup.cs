namespace Charging.Server.Clock;

/// <summary>Adds the watch over the clocks.</summary>
public static class ClockSetup
{
    /// <summary>Registers it. It begins before what goes by it.</summary>
    public static void AddClockWatch(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ClockWatch>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ClockWatch>());
    }
}
