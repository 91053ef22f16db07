using Charging.MqttBroker;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>Forgets, once a day, the events that no pile sends again.</summary>
public sealed partial class EventUpkeep(IStore store, PileRegistry piles, TimeProvider clock, ILogger<EventUpkeep> logger) : BackgroundService
{
    /// <summary>How long an event is known as one that was acted on (device-protocol.md).</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromDays(30);

    private const int Slice = 200;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromDays(1), clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await ForgetAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task ForgetAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var device in piles.All.Select(pile => pile.Device))
            {
                while (await store.RunAsync(tx => ForgetAsync(tx, device), cancellationToken) == Slice)
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

    private static async ValueTask<int> ForgetAsync(ITransaction tx, DeviceNo device)
    {
        var oldest = await tx.ListAsync(PileTables.SeenEvents.ByKey, KeyRange.Prefix($"{device}:"), Slice);
        var old = oldest.Where(seen => tx.Now - seen.At > Memory).ToList();
        foreach (var seen in old)
            tx.Delete(PileTables.SeenEvents, seen.Key);
        return old.Count;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old events are forgotten tomorrow: {Reason}")]
    private partial void LogPostponed(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Old events are not forgotten until tomorrow")]
    private partial void LogFailed(Exception failure);
}
