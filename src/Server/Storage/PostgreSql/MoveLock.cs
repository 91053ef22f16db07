using Npgsql;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>That a server moves the store and no node serves it. A connection holds it, and it ends with that.</summary>
internal sealed class MoveLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly SemaphoreSlim _asking = new(1);

    private MoveLock(NpgsqlConnection connection) => _connection = connection;

    /// <summary>Takes it.</summary>
    /// <exception cref="InvalidDataException">Nodes serve the store, or another server moves it.</exception>
    public static async Task<MoveLock> TakeAsync(NpgsqlDataSource source)
    {
        var taken = new MoveLock(await source.ReachAsync());
        await using var command = new NpgsqlCommand(SqlTables.BeAlone, taken._connection);
        if (await command.ExecuteScalarAsync() is true)
            return taken;
        await taken.DisposeAsync();
        throw new InvalidDataException("a node serves it, or another server moves it; stop all others");
    }

    /// <summary>Insists that it is held yet: whoever was cut off has lost it, and nodes may serve since.</summary>
    /// <exception cref="StoreUnavailableException">It is lost.</exception>
    public async Task InsistAsync()
    {
        await _asking.WaitAsync();
        try
        {
            await using var command = new NpgsqlCommand(SqlTables.Ping, _connection);
            await command.ExecuteScalarAsync();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            throw new StoreUnavailableException("The connection to PostgreSQL that kept nodes from serving this store was cut: stop this server, start it again with Charging:Store:Moving, and begin again.", e);
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
