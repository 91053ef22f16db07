using System.Threading.Channels;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>
/// Checks what was written to the ledger: at start, before anything is served; then every hour and after every 2,000 entries; and
/// when the store has opened its file again after a failure.
/// </summary>
public sealed class LedgerGuard(LedgerOptions options, TimeProvider clock, ILogger<LedgerGuard> logger) : BackgroundService, IStoreObserver
{
    /// <summary>
    /// After so many entries the next check begins: what a server that is killed leaves unchecked, and so what its next start waits for.
    /// </summary>
    internal const int EntriesBetween = 2000;

    private const int FarBehind = 50_000;

    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    // 200 entries each time: about a fiftieth of what the store can do, and enough for a server that has to catch up.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(25);

    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly HashSet<string> _told = [];
    private volatile IReadOnlyList<LedgerFinding> _findings = [];
    private IStore? _store;
    private LedgerTail? _tail;
    private long _written;

    /// <summary>What does not hold, by the last check; empty when everything does.</summary>
    public IReadOnlyList<LedgerFinding> Findings => _findings;

    /// <inheritdoc/>
    public Task LoadAsync(IStore store, CancellationToken cancellationToken)
    {
        _store = store;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            if (ReferenceEquals(change.Table, Ledger.Entries) && Interlocked.Increment(ref _written) % EntriesBetween == 0)
                _wakes.Writer.TryWrite(true);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="StartupException">The ledger does not add up.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await CheckAsync(() => Task.CompletedTask);
        if (_findings.Count > 0 && !options.StartAnyway)
            throw new StartupException(Refusal(_findings));
        Tell();
        await base.StartAsync(cancellationToken);
    }

    /// <summary>
    /// The store has opened its file again. Money that is not what it was is not served: the file stays closed until a person
    /// has looked. It is called before any other operation, and reads everything in this one.
    /// </summary>
    /// <exception cref="StoreOpenException">The file holds something that the failure has damaged.</exception>
    public async ValueTask AfterReopenAsync(ITransaction transaction)
    {
        var tail = new LedgerTail(await LedgerMark.ReadAsync(transaction));
        var found = await tail.CheckAsync(new OneTransaction(transaction), () => Task.CompletedTask);
        var known = _findings.Select(finding => finding.Sentence).ToHashSet();
        if (!options.StartAnyway && found.Where(finding => !known.Contains(finding.Sentence)).ToList() is { Count: > 0 } damage)
            throw new StoreOpenException(Refusal(damage));
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = clock.CreateTimer(_ => _wakes.Writer.TryWrite(true), null, Period, Period);
        try
        {
            await foreach (var _ in _wakes.Reader.ReadAllAsync(stoppingToken))
            {
                if (await TryAsync(stoppingToken))
                    Tell();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private async Task<bool> TryAsync(CancellationToken stopping)
    {
        try
        {
            await CheckAsync(() => Task.Delay(IsFarBehind ? ShortPause : Pause, clock, stopping));
            return true;
        }
        catch (StoreUnavailableException e)
        {
            // What was read may be of a batch in doubt: the next check begins at the mark.
            _tail = null;
            LedgerLog.Postponed(logger, e.Message);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _tail = null;
            LedgerLog.Failed(logger, e);
        }
        return false;
    }

    private bool IsFarBehind => Interlocked.Read(ref _written) - _tail?.Entries > FarBehind;

    private async Task CheckAsync(Func<Task> pause)
    {
        var store = _store ?? throw new InvalidOperationException("The store was not loaded.");
        _tail ??= new LedgerTail(await store.RunAsync(LedgerMark.ReadAsync));
        _findings = await _tail.CheckAsync(store, pause);
    }

    private void Tell()
    {
        foreach (var finding in _findings.Where(finding => _told.Add(finding.Sentence)))
            LedgerLog.DoesNotAddUp(logger, finding.Sentence);
    }

    private static string Refusal(IReadOnlyList<LedgerFinding> findings) =>
        $"The ledger does not add up ({findings.Count} findings): {findings[0].Sentence} Restore a backup of the data directory, or set Charging:Ledger:StartAnyway to true to serve all the same.";

    /// <summary>A store that is one transaction which is already running.</summary>
    private sealed class OneTransaction(ITransaction transaction) : IStore
    {
        public Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default) =>
            operation(transaction).AsTask();
    }
}

/// <summary>What the guard of the ledger logs.</summary>
internal static partial class LedgerLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "The ledger does not add up: {Finding} Run 'chargectl ledger check' and see docs/money.md.")]
    public static partial void DoesNotAddUp(ILogger logger, string finding);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The check of the ledger is put off: {Reason}")]
    public static partial void Postponed(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The check of the ledger failed, and runs again within the hour.")]
    public static partial void Failed(ILogger logger, Exception fault);
}
