using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Calls;
using Charging.Server.Cards;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>
/// What the document's examples need, on a fresh machine: its two piles, simulated over a real connection to the
/// server's own broker, and its virtual cards.
/// </summary>
public sealed class Demo(PileAdmin piles, Cards.Cards cards, Listeners listeners, IHostApplicationLifetime lifetime) : BackgroundService
{
    private static readonly string[] Devices = ["014441AC53", "0000000000"];
    private static readonly string[] VirtualCards = ["111111786", "34345799"];

    private readonly List<SimulatedPile> _simulated = [];

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        foreach (var pile in _simulated)
            await pile.DisposeAsync();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await cards.IssueAsync([.. VirtualCards.Select(number => CardNo.Parse(number))]);
        var started = new TaskCompletionSource();
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stoppingToken.IsCancellationRequested)
            return;
        foreach (var device in Devices)
            await SimulateAsync(DeviceNo.Parse(device));
    }

    private async Task SimulateAsync(DeviceNo device)
    {
        await piles.RegisterAsync(device, plugCount: 10, PlugNumbers.Decimal);
        // The server keeps no secret that it could hand to the simulated pile, so each start gives it a new one.
        var secret = await piles.RotateSecretAsync(device);
        var pile = new SimulatedPile(new SimulatedPileOptions
        {
            Host = listeners.Host("Mqtt"),
            Port = listeners.Port("Mqtt"),
            UseTls = listeners.IsTls("Mqtt"),
            TrustAnyCertificate = true,
            DeviceNo = device.ToString(),
            Secret = secret.Value!,
            NextVehicleAfter = TimeSpan.FromSeconds(5),
        });
        _simulated.Add(pile);
        pile.Start();
    }
}

/// <summary>Settings of the demo, section `Charging:Demo`.</summary>
public sealed record DemoOptions
{
    /// <summary>Whether the document's piles are simulated; by default in Development alone.</summary>
    public bool? Enabled { get; init; }
}

/// <summary>Adds the demo.</summary>
public static class DemoSetup
{
    /// <summary>
    /// Registers it where `Charging:Demo:Enabled` says so; by default in Development alone, with the server's own broker: an
    /// external one does not know the simulated piles.
    /// </summary>
    public static void AddDemo(this WebApplicationBuilder builder)
    {
        var hasBroker = !builder.Services.Any(service => service.ServiceType == typeof(ExternalBrokerPlace));
        var options = builder.AddSettings<DemoOptions>("Charging:Demo");
        if (hasBroker && (options.Enabled ?? builder.Environment.IsDevelopment()))
            builder.Services.AddHostedService<Demo>();
    }
}
