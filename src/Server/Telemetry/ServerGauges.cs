using System.Diagnostics.Metrics;
using Charging.Server.Operations;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Charging.Server.Storage.PostgreSql;

namespace Charging.Server.Telemetry;

/// <summary>What is so at this moment; counted when somebody reads it, in memory.</summary>
public sealed class ServerGauges : IHostedService
{
    private readonly PileRegistry _registry;
    private readonly Board _board;
    private readonly PileStates _states;

    /// <summary>Makes the gauges.</summary>
    public ServerGauges(
        IMeterFactory meters, PileRegistry registry, Board board, PileStates states, DueWorker due, ChargeWatch charges, IStore store, Backups backups)
    {
        (_registry, _board, _states) = (registry, board, states);
        var meter = meters.Create(ServerMeter.Name);
        meter.CreateObservableGauge("charging.piles.registered", () => registry.All.Count(), "{pile}", "Piles that are registered.");
        meter.CreateObservableGauge("charging.piles.online", () => board.All.Count(board.IsOnline), "{pile}", "Piles that are connected and were heard in the last three minutes.");
        meter.CreateObservableGauge("charging.plugs", Plugs, "{plug}", "Plugs by what riders see: free, busy, fault (or unknown).");
        meter.CreateObservableGauge("charging.orders.live", charges.Live, "{order}", "Orders that have a plug, by state.");
        meter.CreateObservableGauge("charging.refunds.owed", () => charges.Owed.Count, "{refund}", "Refunds that the provider has not done yet.");
        meter.CreateObservableGauge("charging.refunds.owed.fen", () => charges.Owed.Fen, "{fen}", "Money that is owed to riders, in fen.");
        meter.CreateObservableGauge("charging.due.waiting", () => due.Waiting().Count, "{row}", "Work that is due and waits for a slot, such as refunds and commands.");
        meter.CreateObservableGauge("charging.due.oldest", () => due.Waiting().Longest.TotalSeconds, "s", "For how long the oldest of it has been due.");
        meter.CreateObservableGauge("charging.store.queue", () => (store as LiteDbStore)?.Waiting ?? (store as PostgreSqlStore)?.Waiting ?? 0, "{operation}", "Operations that wait for the store.");
        // A database has its own backups, of which the server knows nothing.
        if (!store.IsShared)
            meter.CreateObservableGauge("charging.backup.age", () => backups.Age.TotalSeconds, "s", "Since the last whole backup, or the start if there was none.");
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Measurement<int>> Plugs()
    {
        var counts = new int[3];
        foreach (var pile in _registry.All)
        {
            if (_states.StateOf(pile.Device) is not { IsOk: true } state)
                continue;
            foreach (var plug in state.Value.Plugs)
                counts[(int)plug]++;
        }
        return Enum.GetValues<PlugView>().Select(view => new Measurement<int>(counts[(int)view], new KeyValuePair<string, object?>("state", view.ToString().ToLowerInvariant())));
    }
}
