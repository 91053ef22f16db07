using System.Runtime.ExceptionServices;
using Charging.Server.Clock;
using Charging.Server.Telemetry;
using Npgsql;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>
/// The store in a PostgreSQL that several nodes share (adr/0005-postgresql.md). An operation is a serializable transaction of
/// the database, run again when another was in its way, and answered when its COMMIT was.
/// </summary>
public sealed class PostgreSqlStore : IStore, IAsyncDisposable
{
    private readonly TimeProvider _clock;
    private readonly ClockWatch? _clocks;
    private readonly ILogger _logger;
    private readonly NpgsqlDataSource _operations;
    private readonly NpgsqlDataSource _announcements;
    private readonly SqlTables _sql;
    private readonly Numbers _numbers;
    private readonly NodeClock _nodeClock;
    private readonly WriteLocks _locks = new();
    private readonly Followers _followers;
    private readonly SlowOperations _slow;
    private readonly OperationSlots _slots;
    private readonly PostgreSqlFailureLog _failures;
    private long _conflicts;
    private int _isUnreachable;
    private volatile bool _isClosed;
    private MoveLock? _moveLock;

    private PostgreSqlStore(
        PostgreSqlOptions options, IReadOnlyList<ITable> tables, IReadOnlyList<FollowedTable> followed,
        IReadOnlyList<IStoreObserver> observers, TimeProvider clock, ClockWatch? clocks, ILogger logger)
    {
        var settings = options.ForOperations();
        (_clock, _clocks, _logger) = (clock, clocks, logger);
        _operations = PostgreSqlOptions.Source(settings);
        _announcements = PostgreSqlOptions.Source(options.ForAnnouncements());
        _sql = new SqlTables(tables);
        _numbers = new Numbers(_announcements);
        _nodeClock = new NodeClock(_announcements);
        _followers = new Followers(observers, followed, logger);
        _slots = new OperationSlots(settings.MaxPoolSize, options.QueueLength);
        _slow = new SlowOperations(clock, logger);
        _failures = new PostgreSqlFailureLog(clock, logger);
        Feed = new ChangeFeed(_announcements, _sql, _followers, _nodeClock, clock, logger);
    }

    /// <inheritdoc/>
    public bool IsShared => true;

    /// <inheritdoc/>
    public int OtherNodes => Feed.OtherNodes;

    /// <inheritdoc/>
    public string? Trouble => _nodeClock.Trouble ?? Feed.Trouble;

    /// <inheritdoc/>
    public bool IsClockWrong => _nodeClock.Trouble is not null;

    /// <inheritdoc/>
    public IReadOnlyList<string> UnknownTables { get; private set; } = [];

    /// <inheritdoc/>
    public DateTimeOffset? RestoredAt { get; private set; }

    /// <summary>Tells the other nodes what this one changed, and this one what they did. It is started with the server.</summary>
    internal ChangeFeed Feed { get; }

    /// <summary>Operations that wait for a connection.</summary>
    internal int Waiting => _slots.Waiting;

    /// <summary>How often an operation was run again because another was in its way.</summary>
    internal long Conflicts => Interlocked.Read(ref _conflicts);

    /// <summary>Connects, and makes or migrates the tables. Nodes that start at once do so one after the other.</summary>
    /// <param name="options">How PostgreSQL is reached.</param>
    /// <param name="tables">All tables that operations use.</param>
    /// <param name="migrations">All steps of the schema there have ever been.</param>
    /// <param name="followed">The tables that observers follow over all nodes.</param>
    /// <param name="observers">Told of each commit.</param>
    /// <param name="clock">The operations' clock.</param>
    /// <param name="logger">For failures of the database.</param>
    /// <param name="alone">Whether no node may serve it meanwhile.</param>
    /// <param name="clocks">Knows whether the operations' clock was set; null when nobody watches it.</param>
    /// <exception cref="StoreOpenException">It cannot be reached or used.</exception>
    public static async Task<PostgreSqlStore> OpenAsync(
        PostgreSqlOptions options, IReadOnlyList<ITable> tables, IReadOnlyList<Migration> migrations, IReadOnlyList<FollowedTable> followed,
        IReadOnlyList<IStoreObserver> observers, TimeProvider clock, ILogger<PostgreSqlStore> logger, bool alone = false, ClockWatch? clocks = null)
    {
        var store = new PostgreSqlStore(options, tables, followed, observers, clock, clocks, logger);
        try
        {
            if (alone)
                store._moveLock = await MoveLock.TakeAsync(store._announcements);
            else
                await store.Feed.Serving.TakeAsync();
            (store.UnknownTables, store.RestoredAt) = await PostgreSqlOpener.OpenAsync(store._operations, store._sql, migrations, logger);
            await store._nodeClock.CompareAsync(CancellationToken.None);
            if (store._nodeClock.Trouble is { } trouble)
                throw new StoreOpenException(trouble) { MayPass = true };
            await store.Feed.RememberAsync();
            return store;
        }
        catch (Exception e)
        {
            await store.DisposeAsync();
            throw PostgreSqlOpener.Refusal(e);
        }
    }

    /// <inheritdoc/>
    public async Task AskAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await _nodeClock.CompareAsync(cancellationToken);
        }
        catch (NpgsqlException e)
        {
            throw new StoreUnavailableException("PostgreSQL does not tell the time.", e);
        }
        _nodeClock.Insist();
    }

    /// <inheritdoc/>
    public async Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default)
    {
        if (_isClosed)
            throw new StoreUnavailableException("The store is closed.");
        _nodeClock.Insist();
        return await _slots.RunAsync(() => RunToItsEndAsync(operation), cancellationToken);
    }

    /// <inheritdoc/>
    public void StopWaiting() => _slots.Stop();

    /// <summary>Lets the operations end that run, for a moment, and takes nothing more. One that is cut off is as after a crash.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isClosed)
            return;
        _isClosed = true;
        _slots.Stop();
        await _slots.DrainAsync();
        await Feed.DisposeAsync();
        if (_moveLock is not null)
            await _moveLock.DisposeAsync();
        await _operations.DisposeAsync();
        await _announcements.DisposeAsync();
    }

    private async Task<TResult> RunToItsEndAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation)
    {
        var tries = new Tries();
        try
        {
            while (true)
            {
                try
                {
                    var result = await TryAsync(operation, tries);
                    if (Interlocked.Exchange(ref _isUnreachable, 0) == 1)
                        _logger.ReachedAgain();
                    return result;
                }
                catch (NpgsqlException e) when (PostgreSqlFailure.Kind(e) == FailureKind.Conflict && tries.MayAgainAfterConflict)
                {
                    Interlocked.Increment(ref _conflicts);
                }
                catch (NpgsqlException e) when (PostgreSqlFailure.Kind(e) == FailureKind.Shortage && !_slots.IsStopping && tries.MayAgainAfterShortage)
                {
                    _failures.Retried(e);
                }
                catch (NpgsqlException e) when (!tries.IsInDoubt && PostgreSqlFailure.Kind(e) == FailureKind.Lost && !_slots.IsStopping && tries.MayAgainAfterLoss)
                {
                    // What else is in the pool is as dead as this one.
                    _operations.Clear();
                }
                await tries.PauseAsync();
            }
        }
        catch (NpgsqlException e)
        {
            throw Unavailable(e, tries);
        }
        finally
        {
            _locks.Release(tries.Held);
            _slow.Ran(operation, tries.Ran);
        }
    }

    private async Task<TResult> TryAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, Tries tries)
    {
        if (Feed.Serving.Refusal is { } refusal)
            throw new StoreUnavailableException(refusal);
        if (_moveLock is not null)
            await _moveLock.InsistAsync();
        await using var connection = await _operations.ReachAsync();
        var began = _clock.GetTimestamp();
        // While the node starts its observers read what is there: so it is known what they know.
        Action<ITable, string>? saw = Feed.IsStarted ? null : _followers.Saw;
        var transaction = new PostgreSqlTransaction(connection, _sql, _numbers, _clock.GetUtcNow(), _clocks, HoldAsync, saw);
        try
        {
            var (result, fault) = await OutcomeAsync(operation, transaction);
            if (transaction.Failure is { } failure)
                ExceptionDispatchInfo.Throw(failure);
            var writes = fault is null ? transaction.Writes() : [];
            if (writes.Count > 0)
                await HoldAsync(writes.Select(write => (write.Table, write.Row.Key)));
            // What it has read is valid only if the COMMIT succeeds, so an operation that has failed commits too: nothing.
            tries.IsInDoubt = writes.Count > 0;
            var stamp = await transaction.CommitAsync(writes);
            tries.IsInDoubt = false;
            fault?.Throw();
            if (writes.Count > 0)
                Tell(transaction.Changes(), stamp);
            return result!;
        }
        catch (PostgresException e) when (PostgreSqlFailure.IsAnswer(e))
        {
            tries.IsInDoubt = false;
            await RollBackAsync(connection);
            throw;
        }
        catch (Exception e) when (tries.IsInDoubt)
        {
            Feed.Doubt(transaction.Changes());
            throw PostgreSqlFailure.Of(e);
        }
        finally
        {
            tries.Ran += _clock.GetElapsedTime(began);
        }

        async ValueTask HoldAsync(IEnumerable<(ITable Table, string Key)> rows)
        {
            var waitedSince = _clock.GetTimestamp();
            tries.Held = await _locks.TakeAsync(tries.Held, rows);
            tries.Ran -= _clock.GetElapsedTime(waitedSince);
        }
    }

    private static async Task<(TResult? Result, ExceptionDispatchInfo? Fault)> OutcomeAsync<TResult>(
        Func<ITransaction, ValueTask<TResult>> operation, PostgreSqlTransaction transaction)
    {
        try
        {
            return (await operation(transaction), null);
        }
        catch (Exception e)
        {
            return (default, ExceptionDispatchInfo.Capture(e));
        }
        finally
        {
            transaction.End();
        }
    }

    /// <summary>So that the connection is of use to the next operation.</summary>
    private static async Task RollBackAsync(NpgsqlConnection connection)
    {
        try
        {
            await using var command = new NpgsqlCommand(SqlTables.Rollback, connection);
            await command.ExecuteNonQueryAsync();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // It is broken then, and the pool drops it. The latter is said of one that the refusal has ended.
        }
    }

    private void Tell(IReadOnlyList<Change> changes, long stamp)
    {
        _followers.Tell(changes, stamp);
        Feed.Announce(changes, stamp);
    }

    private StoreUnavailableException Unavailable(NpgsqlException failure, Tries tries)
    {
        var kind = PostgreSqlFailure.Kind(failure);
        ServerMeter.BatchesFailed.Add(1);
        if (kind is FailureKind.Refused or FailureKind.Shortage)
            _failures.Refused(failure);
        else if (kind == FailureKind.Lost && Interlocked.Exchange(ref _isUnreachable, 1) == 0)
            _logger.Unreachable(failure.SqlState is null ? failure.Message : $"{failure.Message}: {PostgreSqlFailure.Advice(failure)}.");
        return new StoreUnavailableException(
            tries.IsInDoubt ? "PostgreSQL was lost during a COMMIT; whether the operation took effect is not known."
            : kind == FailureKind.Lost ? "PostgreSQL cannot be reached."
            : $"PostgreSQL could not run the operation: {PostgreSqlFailure.Advice(failure)}.",
            failure);
    }
}
