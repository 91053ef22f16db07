namespace Charging.Server.Storage.LiteDb;

/// <summary>What the embedded store logs.</summary>
internal static partial class LiteDbLog
{
    [LoggerMessage(1, LogLevel.Warning, "Store closed uncleanly last time; its last batch was finished from the log")]
    public static partial void Replayed(this ILogger logger);

    /// <summary>A cause that is known is a sentence; anything else needs its stack.</summary>
    public static void BatchFailed(this ILogger logger, int count, Exception failure) =>
        logger.BatchFailed(count, LiteDbFailure.Why(failure), LiteDbFailure.IsUnknown(failure) ? failure : null);

    /// <inheritdoc cref="BatchFailed(ILogger, int, Exception)"/>
    public static void ReopenFailed(this ILogger logger, Exception failure) =>
        logger.ReopenFailed(failure.Message, LiteDbFailure.IsUnknown(failure) ? failure : null);

    [LoggerMessage(2, LogLevel.Error, "Store failed, {Count} operations are told that it is unavailable, and the file is opened again: the data directory {Reason}")]
    private static partial void BatchFailed(this ILogger logger, int count, string reason, Exception? exception);

    [LoggerMessage(3, LogLevel.Error, "Store cannot be opened again, which each operation tries: {Reason}")]
    private static partial void ReopenFailed(this ILogger logger, string reason, Exception? exception);

    [LoggerMessage(4, LogLevel.Error, "An index in memory failed to follow the store and is wrong until the next start")]
    public static partial void ObserverFailed(this ILogger logger, Exception exception);
}
