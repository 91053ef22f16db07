using Charging.Server.Calls;

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
}

/// <summary>
/// Takes up due rows at their time: at start whatever is due, then by following the store's changes. Rows that are
/// written with <see cref="Born"/> run here at once, without a transaction of their own for the lease.
/// </summary>
public sealed partial class DueWorker(
    IServiceProvider services,
    TimeProvider clock,
    ILogger<DueWorker> logger) : IStoreObserver, IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan Forever = Timeout.InfiniteTimeSpan;

    // How soon a node that was not able to do something looks whether it is.
    private static readonly TimeSpan Unable = TimeSpan.FromSeconds(2);

    // After a long stop very much may be due at once; the store and the providers get it in portions.
    private readonly SemaphoreSlim _slots = new(256);

    // A provider that is slow must not hold up the piles.
    private readonly SemaphoreSlim _providerSlots = new(256);

    // Two processes of one machine are two owners, and so are two lives of one process.
    private readonly string _owner = $"{Environment.MachineName}/{Guid.NewGuid():N}";
    private readonly Lock _gate = new();
    private readonly SortedSet<(DateTimeOffset DueAt, string Key)> _schedule = [];
    private readonly Dictionary<string, (DateTimeOffset DueAt, DueKind Kind)> _dueAt = [];
    private readonly HashSet<Task> _running = [];
    private readonly HashSet<string> _cutShort = [];
    private readonly CancellationTokenSource _stop = new();
    private Dictionary<DueKind, IDueHandler> _handlers = [];
    private IStore? _store;
    private ITimer? _timer;

    /// <summary>A row that this node runs as soon as it is durable, and any node after <paramref name="retryAfter"/>.</summary>
    public DueRow Born(DueRow row, TimeSpan? retryAfter = null) =>
        row with { LeasedBy = _owner, Leases = 0, DueAt = row.DueAt + (retryAfter ?? DueRow.Lease) };

    /// <summary>How many rows are due and not yet taken up, and since when the oldest is.</summary>
    public (int Count, DateTimeOffset? Oldest) Waiting()
    {
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            var count = _schedule.TakeWhile(row => row.DueAt <= now).Count();
            return (count, count == 0 ? null : _schedule.Min.DueAt);
        }
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            if (!ReferenceEquals(change.Table, DueRows.Table))
                continue;
            var row = (DueRow?)change.Entity;
            Schedule(change.Key, row?.DueAt, row?.Kind ?? default);
            if (row is { Leases: 0 } && row.LeasedBy == _owner)
                Run(row);
        }
    }

    /// <inheritdoc/>
    public async Task LoadAsync(IStore store, CancellationToken cancellationToken)
    {
        _store = store;
        await foreach (var row in store.ScanAsync(DueRows.Table.ByKey, cancellationToken))
        {
            Schedule(row.Key, IsOfAnEarlierLife(row) ? clock.GetUtcNow() : row.DueAt, row.Kind);
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _handlers = services.GetServices<IDueHandler>().ToDictionary(handler => handler.Kind);
        _timer = clock.CreateTimer(_ => RunDue(), null, Forever, Forever);
        Arm();
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
        _slots.Dispose();
        _providerSlots.Dispose();
    }

    private void Schedule(string key, DateTimeOffset? dueAt, DueKind kind)
    {
        lock (_gate)
        {
            if (_dueAt.Remove(key, out var before))
                _schedule.Remove((before.DueAt, key));
            if (dueAt is { } at)
            {
                _dueAt[key] = (at, kind);
                _schedule.Add((at, key));
            }
            if (dueAt is null || _schedule.Min.Key == key)
                Arm();
        }
    }

    private void Arm()
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
                return;
            if (_schedule.Count == 0)
                _timer?.Change(Forever, Forever);
            else
                _timer?.Change(TimeSpan.FromTicks(Math.Clamp((_schedule.Min.DueAt - clock.GetUtcNow()).Ticks, 0, TimeSpan.TicksPerHour)), Forever);
        }
    }

    private void RunDue()
    {
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            while (_schedule.Count > 0 && _schedule.Min.DueAt <= now)
            {
                var (_, key) = _schedule.Min;
                var kind = _dueAt[key].Kind;
                var isAble = _handlers[kind].IsAble;
                Schedule(key, now + (isAble ? DueRow.Lease : Unable), kind);
                if (isAble)
                    Start(kind, key, () => LeaseAndRunAsync(key));
            }
            Arm();
        }
    }

    private void Run(DueRow row) => Start(row.Kind, row.Key, () => _handlers[row.Kind].RunAsync(row, _stop.Token));

    private void Start(DueKind kind, string key, Func<Task> work)
    {
        if (_stop.IsCancellationRequested)
            return;
        var task = GuardAsync(kind is DueKind.Close or DueKind.Surplus or DueKind.Refund or DueKind.Notice ? _providerSlots : _slots, key, work);
        lock (_gate)
            _running.Add(task);
        task.ContinueWith(Forget, TaskScheduler.Default);

        void Forget(Task done)
        {
            lock (_gate)
                _running.Remove(done);
        }
    }

    private async Task LeaseAndRunAsync(string key)
    {
        var leased = await _store!.RunAsync(tx => LeaseAsync(tx, key), _stop.Token);
        if (leased is not null)
            await _handlers[leased.Kind].RunAsync(leased, _stop.Token);
    }

    private async ValueTask<DueRow?> LeaseAsync(ITransaction tx, string key)
    {
        var row = await tx.GetAsync(DueRows.Table, key);
        if (row is null || (row.DueAt > tx.Now && !IsOfAnEarlierLife(row)))
            return null;
        var leased = row with { LeasedBy = _owner, Leases = row.Leases + 1, DueAt = tx.Now + DueRow.Lease };
        tx.Put(DueRows.Table, leased);
        return leased;
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

    private async Task GuardAsync(SemaphoreSlim slots, string key, Func<Task> work)
    {
        // The store's thread, or the timer's, goes on at once.
        await Task.Yield();
        await slots.WaitAsync();
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            lock (_gate)
                _cutShort.Add(key);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ProviderUnavailableException)
        {
            LogPostponed(fault.Message);
        }
        catch (Exception fault)
        {
            LogFault(fault);
        }
        finally
        {
            slots.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Due work is tried again at the end of its lease: {Reason}")]
    private partial void LogPostponed(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Due work failed and is tried again at the end of its lease.")]
    private partial void LogFault(Exception fault);
}
