using Charging.Server.Storage;
using Charging.Server.Storage.PostgreSql;
using Charging.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Charging.Reliability.Model;

/// <summary>
/// A database of a real PostgreSQL, emptied for each journey. Its own crash is not modelled; that of the server is: it may
/// die after its operations were committed and before it has heard of that.
/// </summary>
internal sealed class PostgresPlace : IModelPlace, IDisposable
{
    // A batch of the file is about as many writes of its disk.
    private const int WritesOfABatch = 8;

    private static readonly string Empty = string.Concat(
        Tables.All.Select(table => $"DELETE FROM {table.Name};").Concat(NumberSequence.All.Select(name => $"ALTER SEQUENCE IF EXISTS number_{name} RESTART;")));

    private readonly PostgreSqlOptions _options;
    private PostgreSqlStore? _store;
    private int _writesLeft = int.MaxValue;

    private PostgresPlace(string database) => _options = new PostgreSqlOptions { ConnectionString = database + ";Maximum Pool Size=8;Server Compatibility Mode=NoTypeLoading" };

    /// <inheritdoc/>
    public bool IsCut { get; private set; }

    /// <summary>Makes a database with the server's tables.</summary>
    public static PostgresPlace Make() => Wait(async () =>
    {
        var place = new PostgresPlace(await (await PostgresServer.SharedAsync()).NewDatabaseAsync());
        await using var made = await place.OpenAsync([], TimeProvider.System, NullLogger<PostgreSqlStore>.Instance);
        return place;
    });

    /// <summary>Begins a journey: nothing is there, and numbers begin anew.</summary>
    public PostgresPlace Clean() => Wait(async () =>
    {
        await CloseAsync();
        Crash(losesPower: false);
        await using var connection = new NpgsqlConnection(_options.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(Empty, connection);
        await command.ExecuteNonQueryAsync();
        return this;
    });

    /// <inheritdoc/>
    public void CutAfter(int writes) => _writesLeft = writes;

    /// <inheritdoc/>
    public void Crash(bool losesPower) => (IsCut, _writesLeft) = (false, int.MaxValue);

    /// <summary>A batch was committed.</summary>
    public void Committed()
    {
        if (_writesLeft < int.MaxValue && (_writesLeft -= WritesOfABatch) <= 0)
            IsCut = true;
    }

    /// <inheritdoc/>
    public IStore Open(World world, Life life, Random random, IReadOnlyList<IStoreObserver> observers)
    {
        var changes = new Collected();
        _store = Wait(async () =>
        {
            await CloseAsync();
            return await OpenAsync([changes], world.Clock, new Logger<PostgreSqlStore>(new ModelLog(world)));
        });
        return new ParallelStore(_store, this, changes, observers, world.Scheduler, life, random);
    }

    /// <inheritdoc/>
    public void Dispose() => Wait(async () =>
    {
        await CloseAsync();
        return true;
    });

    private Task<PostgreSqlStore> OpenAsync(IReadOnlyList<IStoreObserver> observers, TimeProvider clock, ILogger<PostgreSqlStore> logger) =>
        PostgreSqlStore.OpenAsync(_options, Tables.All, Tables.Migrations, [], observers, clock, logger);

    private async Task CloseAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();
        _store = null;
    }

    /// <summary>Does something with the database while the scheduler's thread waits, and time stands still.</summary>
    private static T Wait<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();
}

/// <summary>What was committed, until the scheduler tells it.</summary>
internal sealed class Collected : IStoreObserver
{
    private readonly Lock _gate = new();
    private List<IReadOnlyList<Change>> _commits = [];

    public void Committed(IReadOnlyList<Change> changes)
    {
        lock (_gate)
            _commits.Add([.. changes]);
    }

    /// <summary>The commits since the last time, in their order.</summary>
    public IReadOnlyList<IReadOnlyList<Change>> Take()
    {
        lock (_gate)
            return Interlocked.Exchange(ref _commits, []);
    }
}
