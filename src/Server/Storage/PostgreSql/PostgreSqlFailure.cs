using System.Net.Sockets;
using Npgsql;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>What becomes of an operation whose statement PostgreSQL has refused.</summary>
internal enum FailureKind
{
    /// <summary>Another operation was in the way: nothing has happened, and the operation is run again.</summary>
    Conflict,

    /// <summary>
    /// PostgreSQL was short of something for the moment, such as room in its lock tables, or has cancelled the statement:
    /// nothing has happened, and the operation is run again after a pause, for some seconds.
    /// </summary>
    Shortage,

    /// <summary>
    /// The connection is gone, or the server goes down, starts, has too many, or takes no writes any more: before a COMMIT was
    /// sent, worth another try on a new connection.
    /// </summary>
    Lost,

    /// <summary>It would be refused again: a person must act.</summary>
    Refused,
}

/// <summary>What a failure of PostgreSQL means for an operation, by its SQLSTATE.</summary>
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

    /// <summary>What becomes of the operation.</summary>
    public static FailureKind Kind(NpgsqlException failure) => failure.SqlState switch
    {
        null => FailureKind.Lost,
        // Two that put the same new key; a snapshot that old_snapshot_threshold has ended.
        PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.SnapshotFailure => FailureKind.Conflict,
        // A pooler's, which does not know what became of the statement.
        PostgresErrorCodes.StatementCompletionUnknown => FailureKind.Lost,
        PostgresErrorCodes.InsufficientResources or PostgresErrorCodes.OutOfMemory => FailureKind.Shortage,
        // Cancelled by a person or by statement_timeout, and lock_timeout.
        PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.LockNotAvailable => FailureKind.Shortage,
        // The last two are of sessions that idle or run for too long.
        PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.ReadOnlySqlTransaction or "25P03" or "25P04" => FailureKind.Lost,
        // 40: serialization failures, deadlocks. 08 and 57P: connections and sessions that end.
        ['4', '0', ..] => FailureKind.Conflict,
        ['0', '8', ..] or ['5', '7', 'P', ..] => FailureKind.Lost,
        _ => FailureKind.Refused,
    };

    /// <summary>
    /// Whether the server has refused a statement and lives on: a COMMIT that was sent with it did not happen. The end of a
    /// session may come after a COMMIT.
    /// </summary>
    public static bool IsAnswer(PostgresException failure) => failure.SqlState is not
        (['0', '8', ..] or ['5', '7', 'P', ..] or PostgresErrorCodes.StatementCompletionUnknown or "25P04");

    /// <summary>What is wrong and what to do, for the log.</summary>
    public static string Advice(NpgsqlException failure) => failure.SqlState switch
    {
        PostgresErrorCodes.OutOfMemory or PostgresErrorCodes.InsufficientResources when Hint(failure).Contains("max_pred_locks", StringComparison.Ordinal) =>
            "its table of predicate locks is full: raise max_pred_locks_per_transaction in postgresql.conf (256 for several nodes) and restart it",
        PostgresErrorCodes.OutOfMemory or PostgresErrorCodes.InsufficientResources when Hint(failure).Contains("max_locks", StringComparison.Ordinal) =>
            "its table of locks is full: raise max_locks_per_transaction in postgresql.conf and restart it",
        PostgresErrorCodes.OutOfMemory or PostgresErrorCodes.InsufficientResources => "it is out of memory: give its machine more, or lower its shared_buffers and work_mem",
        PostgresErrorCodes.DiskFull => "its disk is full: free space there",
        PostgresErrorCodes.ConfigurationLimitExceeded => "a limit of its configuration is reached, such as temp_file_limit: raise it",
        PostgresErrorCodes.TooManyConnections => "it has no connection left: raise its max_connections, or lower Maximum Pool Size in Charging:Store:ConnectionString",
        PostgresErrorCodes.ReadOnlySqlTransaction => "it takes no writes, as a standby does: name the primary in Charging:Store:ConnectionString",
        PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.DatabaseDropped => "the database is gone: restore it, or correct Database in Charging:Store:ConnectionString",
        PostgresErrorCodes.InsufficientPrivilege => "this user lacks a right: let it own its database, or grant it the right",
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.UndefinedObject or PostgresErrorCodes.DatatypeMismatch =>
            "a table, a column or a sequence is not as this program made it: it was changed by hand, or the database restored in part",
        PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted => "it finds its own data damaged: stop the nodes, look into its log, and restore a backup or REINDEX",
        PostgresErrorCodes.QueryCanceled => "a statement was cancelled, by a person or by its statement_timeout: leave that at 0 for this user",
        PostgresErrorCodes.LockNotAvailable => "a lock was not to be had within its lock_timeout: leave that at 0 for this user, and look for who holds locks on the tables",
        ['2', '8', ..] => "it refuses this user: correct Username and Password in Charging:Store:ConnectionString, or its pg_hba.conf",
        ['5', '8', ..] => "its disk or its system fails: look into its log",
        ['X', 'X', ..] => "it reports an internal error: look into its log",
        ['4', '0', ..] or PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.SnapshotFailure => "too many operations were in each other's way",
        _ => "it refuses what the store asks for",
    };

    private static string Hint(NpgsqlException failure) => (failure as PostgresException)?.Hint ?? "";
}
