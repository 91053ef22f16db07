using Charging.MqttBroker;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Piles;

/// <summary>Events that no pile sends again are deleted, however short the server's days are.</summary>
public sealed class EventCleanupTests
{
    [Fact]
    public async Task Old_events_are_deleted_soon_after_a_start_and_each_night()
    {
        // Noon of Asia/Shanghai, so that the night is 16 hours away.
        var clock = new FakeTimeProvider(new DateTimeOffset(2030, 1, 15, 4, 0, 0, TimeSpan.Zero));
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock });
        var device = DeviceNo.Parse(ChargingApp.NewDeviceNo());
        await app.Services.GetRequiredService<PileAdmin>().RegisterAsync(device, 2, PlugNumbers.Decimal);
        await PutAsync(app, device, 1, clock.GetUtcNow() - EventCleanup.Memory - TimeSpan.FromMinutes(1));
        await PutAsync(app, device, 2, clock.GetUtcNow() - EventCleanup.Memory + TimeSpan.FromHours(12));
        await PutAsync(app, device, 3, clock.GetUtcNow());

        clock.Advance(TimeSpan.FromMinutes(10));
        await Retry.Until("the oldest is deleted", async () => await EventsAsync(app, device) is [2, 3]);

        // It may set the timer of the night only after the first of these hours.
        var nights = 0;
        await Retry.Until("what became too old meanwhile is deleted", async () =>
        {
            if (nights++ < 3)
                clock.Advance(TimeSpan.FromHours(16));
            return await EventsAsync(app, device) is [3];
        });
    }

    private static Task<bool> PutAsync(ChargingApp app, DeviceNo device, uint eventId, DateTimeOffset at) =>
        app.Services.GetRequiredService<IStore>().RunAsync(tx =>
        {
            tx.Put(PileTables.SeenEvents, new SeenEvent { Device = device, SecretGeneration = 1, EventId = eventId, At = at });
            return ValueTask.FromResult(true);
        });

    private static Task<uint[]> EventsAsync(ChargingApp app, DeviceNo device) => app.Services.GetRequiredService<IStore>().RunAsync<uint[]>(async tx =>
        [.. (await tx.ListAsync(PileTables.SeenEvents.ByKey, KeyRange.Prefix($"{device}:"), 10)).Select(seen => seen.EventId)]);
}
