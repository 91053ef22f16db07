using System.Diagnostics;
using Charging.Server.Calls;
using Charging.Server.Clock;
using Charging.Server.Moving;
using Charging.Server.Payments;
using Charging.Server.Storage.LiteDb;
using Charging.Server.Storage.PostgreSql;

namespace Charging.Server.Storage;

/// <summary>Adds the store: LiteDB in `Charging:DataDirectory`, or PostgreSQL.</summary>
public static partial class StoreSetup
{
    /// <summary>Registers it. It is closed with the server.</summary>
    /// <returns>Which store it is.</returns>
    /// <exception cref="StartupException">A setting makes no sense.</exception>
    public static StoreOptions AddStore(this WebApplicationBuilder builder)
    {
        var options = builder.AddSettings<StoreOptions>("Charging:Store", settings => settings.Complaint());
        builder.KnowSettings<LiteDbOptions>("Charging:Store");
        builder.KnowSettings<PostgreSqlOptions>("Charging:Store");
        if (options.Engine == StoreEngine.PostgreSql)
            builder.AddPostgreSql(options);
        else if (!string.IsNullOrEmpty(builder.Configuration["Charging:Store:ConnectionString"]))
            throw new StartupException("Charging:Store:ConnectionString is set, but Charging:Store:Engine is LiteDb, which keeps a file of its own: set Charging:Store:Engine=PostgreSql, or leave the connection string out.");
        else
            builder.AddLiteDb(options);
        if (!options.Moving)
        {
            builder.Services.AddSingleton<MoveGuard>();
            builder.Services.AddHostedService(services => services.GetRequiredService<MoveGuard>());
            builder.Services.AddHostedService<StoreClock>();
        }
        builder.Services.AddHostedService<IndexLoader>();
        builder.Services.AddObserver<Restores>();
        if (options.Moving)
            return options;
        if (options.Engine == StoreEngine.PostgreSql)
        {
            builder.Services.AddHostedService(services =>
            {
                var feed = services.GetRequiredService<PostgreSqlStore>().Feed;
                feed.Serving.Guard = services.GetRequiredService<MoveGuard>();
                return feed;
            });
        }
        builder.Services.AddObserver<DueWorker>();
        return options;
    }

    /// <summary>Takes up what is due: the last hosted service, for its work needs the others.</summary>
    public static void AddDueWork(this WebApplicationBuilder builder) =>
        builder.Services.AddHostedService(services => services.GetRequiredService<DueWorker>());

    // A machine that starts may have its database, or the right time, only after the server.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Opens it, and makes the data directory. Before anything is started, so that a refusal is a sentence and not a half-started server.</summary>
    /// <exception cref="StartupException">The folder cannot be made.</exception>
    /// <exception cref="StoreOpenException">The file or the database cannot be used.</exception>
    public static void OpenStore(this WebApplication app)
    {
        var folder = app.Services.GetRequiredService<ServerOptions>().DataDirectory;
        DataDirectory.Make(folder);
        WaitForStore(app);
        DataDirectory.WarnIfOpen(folder, app.Logger);
        app.Services.GetRequiredService<Drain>().Over.Register(app.Services.GetRequiredService<IStore>().StopWaiting);
    }

    private static void WaitForStore(WebApplication app)
    {
        var waited = Stopwatch.StartNew();
        for (var isTold = false; ; isTold = true)
        {
            try
            {
                app.Services.GetRequiredService<IStore>();
                return;
            }
            catch (StoreOpenException e) when (e.MayPass && waited.Elapsed < LongestWait)
            {
                if (!isTold)
                    LogNotYet(app.Logger, LongestWait.TotalSeconds, e.Message);
                Thread.Sleep(Pause);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store cannot be opened yet, which is tried for {Seconds} s: {Reason}")]
    private static partial void LogNotYet(ILogger logger, double seconds, string reason);

    private static void AddLiteDb(this WebApplicationBuilder builder, StoreOptions options)
    {
        builder.AddSettings<LiteDbOptions>("Charging:Store", settings => settings.Complaint());
        builder.Services.AddSingleton(services => new LiteDbStore(
            services.GetRequiredService<ServerOptions>().DataDirectory,
            Tables.All,
            Tables.Migrations,
            [.. services.GetServices<IStoreObserver>()],
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<LiteDbOptions>(),
            services.GetRequiredService<ILogger<LiteDbStore>>(),
            options.Moving ? null : transaction => services.GetRequiredService<LedgerGuard>().AfterReopenAsync(transaction),
            services.GetService<ClockWatch>()));
        builder.Services.AddSingleton<IStore>(services => services.GetRequiredService<LiteDbStore>());
    }

    private static void AddPostgreSql(this WebApplicationBuilder builder, StoreOptions options)
    {
        builder.AddSettings<PostgreSqlOptions>("Charging:Store", settings => settings.Complaint());
        builder.Services.AddSingleton(services => PostgreSqlStore.OpenAsync(
            services.GetRequiredService<PostgreSqlOptions>(),
            Tables.All,
            Tables.Migrations,
            options.Moving ? [] : Tables.Followed,
            [.. services.GetServices<IStoreObserver>()],
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<PostgreSqlStore>>(),
            options.Moving,
            services.GetService<ClockWatch>()).GetAwaiter().GetResult());
        builder.Services.AddSingleton<IStore>(services => services.GetRequiredService<PostgreSqlStore>());
    }
}
