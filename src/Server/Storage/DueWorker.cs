using Charging.Server.Calls;
using Charging.Server.Clock;

namespace Charging.Server.Storage;

/// <summary>Does what one kind of due row asks for.</summary>
public interface IDueHandler
{
    /// <summary>The kind that it handles.</summary>
    DueKind Kind { get; }

    /// <summary>Whether this node is able to now. While it is not, rows are left to other nodes, and to later.</summary>
    bool IsAble => true;

    /// <summary>
    /// Acts on a row that this worker has leased, and removes it or makes it due again, in a transaction that checks
    /// <see cref="DueRows.HoldsAsync"/>. When it throws, the row is taken up again at the end of its lease.
    /// </summary>
    Task RunAsync(DueRow row, CancellationToken cancellationToken);

    /// <summary>The machine's clock was set, and a row that nobody has leased is due at the same time by another date now.</summary>
    ValueTask MovedAsync(ITransaction tx, DueRow row) => default;
}

/// <summary>
/// Takes up due rows at their time: at start whatever is due, then by following the store's changes. A row is taken up only
/// with a slot in hand (<see cref="DueSchedule"/>), so a provider that does not answer costs memory for its slots alone. Rows
/// that are written with <see cref="Born"/> run here at once, without a transaction of their own for the lease. The time that
/// a row has yet to wait goes by the monotonic clock; where the machine's clock is set, the dates in the store follow.
/// </summary>
public sealed partial class DueWorker(
    IServiceProvider services,
    TimeProvider clock,
    ClockWatch clocks,
    ILogger<DueWorker> logger) : IStoreObserver, IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan Forever = Timeout.InfiniteTimeSpan;

    // How soon a node that was not able to do something looks whether it is.
    private static readonly TimeSpan Unable = TimeSpan.FromSeconds(2);

    // What a date in the store may be off by.
    private static readonly TimeSpan MaxShift = TimeSpan.FromSeconds(1);

    private const int MovedAtOnce = 50;

    // Two processes of one machine are two owners, and so are two lives of one process.
    private readonly string _owner = $"{Environment.MachineName}/{Guid.NewGuid():N}";
    private readonly Lock _gate = new();
    private readonly DueSchedule _schedule = new();
    private readonly HashSet<Task> _running = [];
    private readonly HashSet<string> _cutShort = [];
    private readonly CancellationTokenSource _stop = new();
    private Dictionary<DueKind, IDueHandler> _handlers = [];
    private IStore? _store;
    private ITimer? _timer;

    /// <summary>A row that this node runs as soon as it is durable, and any node after <paramref name="retryAfter"/>.</summary>
    public DueRow Born(DueRow row, TimeSpan? retryAfter = null) =>
        row with { LeasedBy = _owner, Leases = 0, DueAt = row.DueAt + (retryAfter ?? DueRow.Lease) };

    /// <summary>How many rows are due and wait for a slot, and for how long the oldest has been due.</summary>
    public (int Count, TimeSpan Longest) Waiting()
    {
        lock (_gate)
            return (_schedule.Waiting.Count, _schedule.Waiting.Oldest is { } oldest ? clocks.SteadyNow - oldest : TimeSpan.Zero);
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        if (!changes.Any(change => ReferenceEquals(change.Table, DueRows.Table)))
            return;
        lock (_gate)
        {
            foreach (var change in changes.Where(change => ReferenceEquals(change.Table, DueRows.Table)))
            {
                if (change.Entity is not DueRow row)
                    _schedule.Remove(change.Key);
                else if (row is { Leases: 0 } && row.LeasedBy == _owner)
                    _schedule.Set(ScheduledRow.Of(row, clocks.SteadyNow) with { Leased = row, LeasedUntil = clocks.ToSteady(row.DueAt) });
                else
                    _schedule.Set(ScheduledRow.Of(row, clocks.ToSteady(row.DueAt)));
            }
        }
        TakeUp();
    }

    /// <inheritdoc/>
    public async Task LoadAsync(IStore store, CancellationToken cancellationToken)
    {
        _store = store;
        await foreach (var row in store.ScanAsync(DueRows.Table.ByKey, cancellationToken))
        {
            var scheduled = ScheduledRow.Of(row, IsOfAnEarlierLife(row) ? clocks.SteadyNow : clocks.ToSteady(row.DueAt));
            lock (_gate)
                _schedule.Set(scheduled);
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _handlers = services.GetServices<IDueHandler>().ToDictionary(handler => handler.Kind);
        _timer = clock.CreateTimer(_ => TakeUp(), null, Forever, Forever);
        clocks.Stepped += () => _ = MoveAsync();
        TakeUp();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        Task[] running;
        lock (_gate)
            running = [.. _running];
        await Task.WhenAll(running).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await LetGoAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_timer is not null)
            await _timer.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>Begins whatever is due and has a slot, and sets the timer to what comes next.</summary>
    private void TakeUp()
    {
        lock (_gate)
        {
            // Before the start nothing is taken up, for the work needs what is started earlier.
            if (_timer is null || _stop.IsCancellationRequested)
                return;
            var now = clocks.SteadyNow;
            while (_schedule.Take(now) is { } row)
            {
                // What this node has leased with its writing is let go by its handler, so that another node need not wait.
                if (row.Leased is not null || _handlers[row.Kind].IsAble)
                    Begin(row);
                else
                    Postpone(row, now + Unable);
            }
            _timer.Change(_schedule.Next is { } next ? TimeSpan.FromTicks(Math.Clamp((next - now).Ticks, 0, TimeSpan.TicksPerHour)) : Forever, Forever);
        }
    }

    private void Postpone(ScheduledRow row, DateTimeOffset until)
    {
        _schedule.Release(row);
        _schedule.Set(row with { DueAt = until });
    }

    private void Begin(ScheduledRow row)
    {
        var task = RunAsync(row);
        _running.Add(task);
        task.ContinueWith(Forget, TaskScheduler.Default);

        void Forget(Task done)
        {
            lock (_gate)
                _running.Remove(done);
        }
    }

    private async Task LeaseAndRunAsync(ScheduledRow row)
    {
        var leased = row.Leased is { } own && row.LeasedUntil > clocks.SteadyNow ? own : await _store!.RunAsync(tx => LeaseAsync(tx, row), _stop.Token);
        if (leased is not null)
            await _handlers[leased.Kind].RunAsync(leased, _stop.Token);
    }

    private async ValueTask<DueRow?> LeaseAsync(ITransaction tx, ScheduledRow scheduled)
    {
        // As it was written it is due, whatever the machine's clock says by now.
        var row = await tx.GetAsync(DueRows.Table, scheduled.Key);
        if (row is null || (row.DueAt != scheduled.Written && row.DueAt > tx.Now && !IsOfAnEarlierLife(row)))
            return null;
        var leased = row with { LeasedBy = _owner, Leases = row.Leases + 1, DueAt = tx.Now + DueRow.Lease };
        tx.Put(DueRows.Table, leased);
        return leased;
    }

    /// <summary>The machine's clock was set: the rows get the dates at which their time will be over, for other nodes and the next start.</summary>
    private async Task MoveAsync()
    {
        try
        {
            // Not where it is this clock that is wrong now.
            await _store!.AskAsync(_stop.Token);
            ScheduledRow[] moved;
            lock (_gate)
                moved = [.. _schedule.All.Where(row => (clocks.ToWall(row.DueAt) - row.Written).Duration() > MaxShift)];
            foreach (var rows in moved.Chunk(MovedAtOnce))
                await _store.RunAsync(tx => MoveAsync(tx, rows), _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The server stops.
        }
        catch (StoreUnavailableException gone)
        {
            LogNotMoved(gone.Message);
        }
        catch (Exception fault)
        {
            LogFault(fault);
        }
    }

    private async ValueTask<bool> MoveAsync(ITransaction tx, IReadOnlyList<ScheduledRow> rows)
    {
        foreach (var scheduled in rows)
        {
            // A lease is over before anybody restarts, and a row that has changed since has its date by the new clock.
            if (await tx.GetAsync(DueRows.Table, scheduled.Key) is not { LeasedBy: null } row || row.DueAt != scheduled.Written)
                continue;
            row = row with { DueAt = clocks.ToWall(scheduled.DueAt) };
            tx.Put(DueRows.Table, row);
            await _handlers[row.Kind].MovedAsync(tx, row);
        }
        return true;
    }

    /// <summary>
    /// Whether whoever has leased a row is dead for certain: a store that nobody else may open was leased from by this node
    /// before it crashed. On a shared one it may be another node at work, whose lease is waited for.
    /// </summary>
    private bool IsOfAnEarlierLife(DueRow row) => !_store!.IsShared && row.LeasedBy is { } owner && owner != _owner;

    /// <summary>On a shared store, nobody waits for the end of a lease under which nothing happens any more.</summary>
    private async Task LetGoAsync()
    {
        string[] keys;
        lock (_gate)
            keys = [.. _cutShort];
        if (keys.Length == 0 || _store is not { IsShared: true } store)
            return;
        try
        {
            foreach (var key in keys)
                await store.RunAsync(tx => LetGoAsync(tx, key));
        }
        catch (StoreUnavailableException gone)
        {
            LogPostponed(gone.Message);
        }
    }

    private async ValueTask<bool> LetGoAsync(ITransaction tx, string key)
    {
        if (await tx.GetAsync(DueRows.Table, key) is not { } row || row.LeasedBy != _owner)
            return false;
        tx.Put(DueRows.Table, row.Again(tx.Now));
        return true;
    }

    private async Task RunAsync(ScheduledRow row)
    {
        // The store's thread, or the timer's, goes on at once.
        await Task.Yield();
        try
        {
            await LeaseAndRunAsync(row);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            lock (_gate)
                _cutShort.Add(row.Key);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ProviderUnavailableException)
        {
            LogPostponed(fault.Message);
        }
        catch (Exception fault)
        {
            LogFault(fault);
        }
        lock (_gate)
            _schedule.Release(row);
        TakeUp();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Due work is tried again at the end of its lease: {Reason}")]
    private partial void LogPostponed(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The clock was set, and what is due keeps the dates by the old one in the store: {Reason}")]
    private partial void LogNotMoved(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Due work failed and is tried again at the end of its lease.")]
    private partial void LogFault(Exception fault);
}
