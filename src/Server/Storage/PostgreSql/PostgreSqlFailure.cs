using System.Net.Sockets;
using Npgsql;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>What a failure of PostgreSQL means for an operation.</summary>
internal static class PostgreSqlFailure
{
    /// <summary>Opens a connection, or fails with what is known for a loss: Npgsql lets some faults of name resolution through as they are.</summary>
    public static async Task<NpgsqlConnection> ReachAsync(this NpgsqlDataSource source)
    {
        try
        {
            return await source.OpenConnectionAsync();
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            throw Of(e);
        }
    }

    /// <summary>What Npgsql has thrown, which is a loss where it is none of its own exceptions.</summary>
    public static NpgsqlException Of(Exception failure) => failure as NpgsqlException ?? new NpgsqlException(failure.Message, failure);

    /// <summary>
    /// Another operation was in the way: nothing has happened, and the operation is run again. 23505 is two that put the same
    /// new key.
    /// </summary>
    public static bool IsConflict(NpgsqlException failure) => failure.SqlState
        is PostgresErrorCodes.SerializationFailure
        or PostgresErrorCodes.DeadlockDetected
        or PostgresErrorCodes.UniqueViolation;

    /// <summary>
    /// The connection is gone, or the server goes down, starts, has too many, or takes no writes any more: before a COMMIT was
    /// sent, worth another try.
    /// </summary>
    public static bool IsLost(NpgsqlException failure) => failure.SqlState is not { } state
        || state.StartsWith("08", StringComparison.Ordinal)
        || state.StartsWith("57P", StringComparison.Ordinal)
        || state is PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.ReadOnlySqlTransaction or "25P03";

    /// <summary>
    /// Whether the server has refused a statement and lives on: a COMMIT that was sent with it did not happen. The end of a
    /// session, class 57P, may come after a COMMIT.
    /// </summary>
    public static bool IsAnswer(PostgresException failure) => !failure.SqlState.StartsWith("57P", StringComparison.Ordinal)
        && !failure.SqlState.StartsWith("08", StringComparison.Ordinal);
}
