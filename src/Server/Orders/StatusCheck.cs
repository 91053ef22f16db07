using System.Collections.Concurrent;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Clock;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>
/// Compares what a pile reports with the orders that are open on it, and settles the difference (device-protocol.md,
/// What the server does). Nearly every status says nothing new, and then the store is left alone.
/// </summary>
public sealed class StatusCheck(
    IStore store, BusyPlugIndex busyPlugs, Board board, PileCommands commands, OrderOptions options, RateLimits limits, TimeProvider clock, ClockWatch clocks)
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMinutes(5);

    // A start command may be under way for so long that a status without the order says nothing yet.
    private static readonly TimeSpan StartInFlight = TimeSpan.FromSeconds(30);

    private readonly PilePace _pace = new("pile-status-checks", options, limits, clock);
    private readonly ConcurrentDictionary<DeviceNo, Turn> _turns = new();
    private readonly ConcurrentDictionary<PlugId, Sighting> _sightings = new();

    /// <summary>What was last stored of a plug: the order, when by the monotonic clock, and whether the pile agreed that it charges.</summary>
    private readonly record struct Sighting(string OrderNo, long At, bool Agrees);

    /// <summary>
    /// Settles what the newest status of a pile says that is new. At most one settlement of a pile runs and one waits, which
    /// will see this status: a pile that sends faster than it is settled waits for itself.
    /// </summary>
    public async Task CheckAsync(DeviceNo device)
    {
        if (!Differences(device).Any())
            return;
        var turn = _turns.GetOrAdd(device, _ => new Turn());
        if (!turn.TryWait())
            return;
        await turn.BeginAsync();
        try
        {
            foreach (var plugs in Differences(device).Chunk(PilePace.Plugs))
            {
                await _pace.WaitAsync(device);
                await SettleAsync(device, plugs);
            }
        }
        finally
        {
            turn.End();
        }
    }

    /// <summary>
    /// Settles the differences, by what the pile says of these plugs by then. Run late or twice, beside or after that of a
    /// newer status, it ends in the same place.
    /// </summary>
    public async Task SettleAsync(DeviceNo device, IReadOnlyList<PlugStatus> differences)
    {
        IReadOnlyList<PlugStatus> settled = [];
        var contradicted = await store.RunAsync(async tx =>
        {
            // Each time anew: what has put it off may have been the settling of a newer status.
            settled = Newest(device, differences);
            var bootId = board.Find(device)?.Status?.BootId;
            await tx.ForeseeAsync([.. settled.SelectMany(plug => StatusSettlement.RowsOf(device, plug, busyPlugs))]);
            var any = false;
            foreach (var plug in settled)
                any |= await StatusSettlement.SettleAsync(tx, new PlugId(device, (int)plug.Plug), plug, bootId);
            return any;
        });
        var now = clock.GetTimestamp();
        foreach (var plug in settled)
        {
            var id = new PlugId(device, (int)plug.Plug);
            if (busyPlugs.Find(id) is { } busy)
                _sightings[id] = new Sighting(busy.OrderNo.ToString(), now, Agrees(busy, plug));
            else
                _sightings.TryRemove(id, out _);
        }
        if (contradicted)
            await commands.ReportStatusAsync(device);
    }

    private List<PlugStatus> Newest(DeviceNo device, IReadOnlyList<PlugStatus> plugs)
    {
        var view = board.Find(device);
        return [.. plugs.Select(plug => view?.Plug((int)plug.Plug) ?? plug)];
    }

    /// <summary>The plugs of the newest status that the store must hear of; none nearly always. Touches no disk.</summary>
    private IEnumerable<PlugStatus> Differences(DeviceNo device) =>
        board.Find(device)?.Status is { Online: true } status ? status.Plugs.Where(plug => Differs(new PlugId(device, (int)plug.Plug), plug)) : [];

    private bool Differs(PlugId id, PlugStatus plug)
    {
        var busy = busyPlugs.Find(id);
        if (busy is null || busy.Until is not null)
            return plug.State == PlugState.Charging;
        var agrees = Agrees(busy, plug);
        var mayBeInFlight = busy.StartSentAt is not { } sentAt || clock.GetUtcNow() - sentAt - clocks.StepsSince(sentAt) < StartInFlight;
        if (!agrees && plug.State != PlugState.Charging && mayBeInFlight)
            return false;
        return !_sightings.TryGetValue(id, out var last)
            || last.OrderNo != busy.OrderNo.ToString()
            || last.Agrees != agrees
            || clock.GetElapsedTime(last.At) >= ProgressInterval;
    }

    private static bool Agrees(BusyPlug busy, PlugStatus plug) =>
        plug.State == PlugState.Charging && plug.OrderNo == busy.OrderNo.ToString();

    /// <summary>Lets one settlement of a pile run and one wait.</summary>
    private sealed class Turn
    {
        private readonly SemaphoreSlim _running = new(1);
        private int _waiting;

        /// <summary>False when one waits already.</summary>
        public bool TryWait() => Interlocked.Exchange(ref _waiting, 1) == 0;

        public async Task BeginAsync()
        {
            await _running.WaitAsync();
            Volatile.Write(ref _waiting, 0);
        }

        public void End() => _running.Release();
    }
}
