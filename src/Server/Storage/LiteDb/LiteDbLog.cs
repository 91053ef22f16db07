namespace Charging.Server.Storage.LiteDb;

/// <summary>What the embedded store logs.</summary>
internal static partial class LiteDbLog
{
    [LoggerMessage(1, LogLevel.Warning, "Store closed uncleanly last time; its last batch was finished from the log")]
    public static partial void Replayed(this ILogger logger);

    [LoggerMessage(2, LogLevel.Error, "Store failed: {Count} operations are told that it is unavailable, and the file is opened again")]
    public static partial void BatchFailed(this ILogger logger, int count, Exception exception);

    [LoggerMessage(3, LogLevel.Error, "Store cannot be opened again; each operation tries until its disk works (space, permissions)")]
    public static partial void ReopenFailed(this ILogger logger, Exception exception);

    [LoggerMessage(4, LogLevel.Error, "An index in memory failed to follow the store and is wrong until the next start")]
    public static partial void ObserverFailed(this ILogger logger, Exception exception);
}
