using Npgsql;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>How PostgreSQL is reached: settings under `Charging:Store`.</summary>
public sealed record PostgreSqlOptions
{
    // More at once are not faster, and are more often in each other's way.
    private const int Connections = 20;

    /// <summary>Server, database and user, such as `Host=db;Database=charging;Username=charging;Password=…`.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Operations that may wait; one more is refused as unavailable.</summary>
    public int QueueLength { get; init; } = 4096;

    /// <summary>One sentence about the first setting that makes no sense; null when all do.</summary>
    public string? Complaint()
    {
        if (QueueLength < 1)
            return "Charging:Store:QueueLength is below 1: give how many operations may wait, such as 4096.";
        if (string.IsNullOrWhiteSpace(ConnectionString))
            return $"Charging:Store:ConnectionString is empty, and Charging:Store:Engine is PostgreSql: {Example}";
        try
        {
            var read = new NpgsqlConnectionStringBuilder(ConnectionString);
            return string.IsNullOrEmpty(read.Host) ? $"Charging:Store:ConnectionString names no Host: {Example}"
                : read.MaxPoolSize < 1 ? "Charging:Store:ConnectionString has a Maximum Pool Size below 1: leave it out for 20 connections."
                : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // What the parser says would repeat a part of it, and that may be the password.
            return $"Charging:Store:ConnectionString cannot be read: {Example}";
        }
    }

    private static string Example => "give Host, Database, Username and Password, such as Host=db;Database=charging;Username=charging;Password=secret.";

    /// <summary>The connections that operations run on. As many as the operations that run at once; the rest waits here.</summary>
    internal NpgsqlConnectionStringBuilder ForOperations()
    {
        var settings = Settings();
        if (!settings.ShouldSerialize("Maximum Pool Size"))
            settings.MaxPoolSize = Connections;
        settings.MaxAutoPrepare = 500;
        settings.AutoPrepareMinUsages = 2;
        // A small table is read faster whole than by its index, but then every write to it would be in conflict with that
        // reading; and a plan is the same whatever the keys.
        settings.Options = $"-c enable_seqscan=off -c enable_bitmapscan=off -c plan_cache_mode=force_generic_plan {settings.Options}";
        return settings;
    }

    /// <summary>The connections that other nodes are told and heard on. What they say is durable already, so they wait for no disk.</summary>
    internal NpgsqlConnectionStringBuilder ForAnnouncements()
    {
        var settings = Settings();
        settings.MaxPoolSize = 4;
        settings.KeepAlive = 10;
        settings.Options = $"-c synchronous_commit=off {settings.Options}";
        return settings;
    }

    /// <summary>Connections to a server that takes writes: a standby, to which an address may lead for a while, is refused.</summary>
    internal static NpgsqlDataSource Source(NpgsqlConnectionStringBuilder settings)
    {
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        builder.UsePhysicalConnectionInitializer(
            _ => throw new NotSupportedException("Connections are opened without blocking."),
            async connection =>
            {
                await using var command = new NpgsqlCommand("SHOW transaction_read_only", connection);
                if (await command.ExecuteScalarAsync() is "on")
                    throw new NpgsqlException($"{connection.Host}:{connection.Port} takes no writes, as a standby does: name the primary, or several hosts with Target Session Attributes=primary");
            });
        return builder.Build();
    }

    private NpgsqlConnectionStringBuilder Settings()
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionString);
        if (!settings.ShouldSerialize("Command Timeout"))
            settings.CommandTimeout = 10;
        if (!settings.ShouldSerialize("Timeout"))
            settings.Timeout = 5;
        // Nothing is left on a connection that would have to be taken back.
        settings.NoResetOnClose = true;
        settings.ApplicationName ??= "charging";
        // The locks of a node that was cut off go with its connections.
        settings.Options =
            "-c idle_in_transaction_session_timeout=30s -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 " +
            settings.Options;
        return settings;
    }
}
