using System.Collections.Concurrent;
using Charging.Server.Calls;
using Npgsql;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>Logs what PostgreSQL refuses with what to do about it: of each SQLSTATE a line a minute, with how often it came.</summary>
internal sealed class PostgreSqlFailureLog(TimeProvider clock, ILogger logger)
{
    private readonly ConcurrentDictionary<string, LogThrottle> _states = new(StringComparer.Ordinal);

    /// <summary>An operation was refused, and failed.</summary>
    public void Refused(NpgsqlException failure)
    {
        if (Count(failure) is { } times)
            logger.Refused(PostgreSqlFailure.Advice(failure), failure.SqlState, times, failure);
    }

    /// <summary>An operation was refused, and is run again.</summary>
    public void Retried(NpgsqlException failure)
    {
        if (Count(failure) is { } times)
            logger.Retried(PostgreSqlFailure.Advice(failure), failure.SqlState, times);
    }

    private int? Count(NpgsqlException failure) => _states.GetOrAdd(failure.SqlState ?? "", _ => new LogThrottle(clock)).Count();
}
