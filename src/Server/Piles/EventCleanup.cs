using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>
/// Deletes the events that no pile sends again: at night by the clock, and soon after a start, for a server that is off at night.
/// </summary>
public sealed partial class EventCleanup(IStore store, PileRegistry piles, TimeProvider clock, ILogger<EventCleanup> logger) : BackgroundService
{
    /// <summary>How long an event is known as one that was acted on (device-protocol.md).</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromDays(30);

    private const int Slice = 200;

    private static readonly TimeSpan Night = TimeSpan.FromHours(4);

    // What waits for a start comes first.
    private static readonly TimeSpan AfterStart = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Delay(AfterStart, clock, stoppingToken);
            while (true)
            {
                await CleanAsync(stoppingToken);
                var now = clock.GetUtcNow();
                await Task.Delay(NextNight(now) - now, clock, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <summary>The next four in the morning of Asia/Shanghai.</summary>
    private static DateTimeOffset NextNight(DateTimeOffset now)
    {
        var today = Shanghai.BeginningOf(Shanghai.DayOf(now)) + Night;
        return today > now ? today : today.AddDays(1);
    }

    private async Task CleanAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var device in piles.All.Select(pile => pile.Device))
            {
                while (await store.RunAsync(tx => CleanAsync(tx, device), cancellationToken) == Slice)
                {
                }
            }
        }
        catch (StoreUnavailableException busy)
        {
            LogPostponed(busy.Message);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(e);
        }
    }

    private static async ValueTask<int> CleanAsync(ITransaction tx, DeviceNo device)
    {
        var oldest = await tx.ListAsync(PileTables.SeenEvents.ByKey, KeyRange.Prefix($"{device}:"), Slice);
        var old = oldest.Where(seen => tx.Now - seen.At > Memory).ToList();
        foreach (var seen in old)
            tx.Delete(PileTables.SeenEvents, seen.Key);
        return old.Count;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event cleanup skipped until tomorrow: {Reason}")]
    private partial void LogPostponed(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event cleanup failed and is tried again tomorrow.")]
    private partial void LogFailed(Exception failure);
}
