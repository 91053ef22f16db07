namespace Charging.Server.Storage.PostgreSql;

/// <summary>What the store on PostgreSQL logs.</summary>
internal static partial class PostgreSqlLog
{
    [LoggerMessage(1, LogLevel.Warning, "PostgreSQL does not answer: operations are told that the store is unavailable. {Reason}")]
    public static partial void Unreachable(this ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Information, "PostgreSQL answers again")]
    public static partial void ReachedAgain(this ILogger logger);

    [LoggerMessage(3, LogLevel.Error, "PostgreSQL refuses what the store asks for: {Advice}. SQLSTATE {State}, {Times} times since the last line")]
    public static partial void Refused(this ILogger logger, string advice, string? state, int times, Exception failure);

    [LoggerMessage(4, LogLevel.Warning, "The link over which nodes tell each other what changed was cut, and is tried again: {Reason}")]
    public static partial void FeedCut(this ILogger logger, string reason);

    [LoggerMessage(5, LogLevel.Error, "A row of the table {Table}, as another node has changed it, cannot be read here and is passed over: is this node's program the older one?")]
    public static partial void RowPassedOver(this ILogger logger, string table, Exception failure);

    [LoggerMessage(6, LogLevel.Error, "An index in memory failed to follow the store and is wrong until the next start")]
    public static partial void ObserverFailed(this ILogger logger, Exception failure);

    [LoggerMessage(7, LogLevel.Information, "The schema of the database is now of version {Version}")]
    public static partial void Migrated(this ILogger logger, int version);

    [LoggerMessage(10, LogLevel.Warning, "The database was restored from a dump since the last start, so its numbers leap by a million")]
    public static partial void Restored(this ILogger logger);

    [LoggerMessage(8, LogLevel.Error, "This node stops, for its store was moved while the link to PostgreSQL was cut: {Reason}")]
    public static partial void ServesNoMore(this ILogger logger, string reason);

    [LoggerMessage(9, LogLevel.Warning, "PostgreSQL could not run operations, which are tried again: {Advice}. SQLSTATE {State}, {Times} times since the last line")]
    public static partial void Retried(this ILogger logger, string advice, string? state, int times);
}
