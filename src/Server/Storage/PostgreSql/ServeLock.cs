using Charging.Server.Moving;
using Npgsql;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>
/// That this node is one of those that serve, so that nobody moves the store meanwhile. The connection on which the node
/// listens holds it, and it ends with that: then it is taken again, and asked whether the store was moved.
/// </summary>
internal sealed class ServeLock(NpgsqlDataSource source, ILogger logger) : IAsyncDisposable
{
    private volatile string? _refusal;
    private NpgsqlConnection? _first;

    /// <summary>Who knows whether the store may be served, and stops the server when it may not.</summary>
    public MoveGuard? Guard { get; set; }

    /// <summary>Why the store must not be served any more, in a sentence; null while it may.</summary>
    public string? Refusal => _refusal;

    /// <summary>Takes it. Before anything is read: what was read stays true then.</summary>
    /// <exception cref="StoreOpenException">The store is being moved.</exception>
    public async Task TakeAsync()
    {
        _first = await source.ReachAsync();
        if (!await IsHeldAsync(_first, CancellationToken.None))
            throw PostgreSqlOpener.IsMoved;
    }

    /// <summary>The connection by which it was taken at first, or a new one.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) =>
        Interlocked.Exchange(ref _first, null) ?? await source.OpenConnectionAsync(cancellationToken);

    /// <summary>Takes it by a connection, and looks whether the store may be served yet. If not, the server stops.</summary>
    public async Task<bool> MayServeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // While the link was cut nobody knew of this node.
        var why = !await IsHeldAsync(connection, cancellationToken) ? PostgreSqlOpener.IsMoved.Message
            : Guard is null ? null
            : await Guard.WhyNotAsync(cancellationToken);
        if (why is null)
            return true;
        _refusal = why;
        logger.ServesNoMore(why);
        Guard?.Stop(why);
        return false;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_first is not null)
            await _first.DisposeAsync();
    }

    private static async Task<bool> IsHeldAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SqlTables.Serve, connection);
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }
}
