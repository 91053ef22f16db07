using System.Collections.Concurrent;
using Charging.Server.Storage;
using Charging.Server.Storage.PostgreSql;
using Charging.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>PostgreSQL goes, comes back, or cannot be used.</summary>
public sealed class PostgreSqlFailureTests
{
    private const string EndSessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

    [Fact]
    public async Task A_crash_of_the_server_loses_nothing_that_was_acknowledged_and_the_store_works_again_by_itself()
    {
        await using var server = await PostgresServer.StartAsync("-c fsync=off");
        await using var store = await PostgreSqlStoreTests.OpenAsync(await server.NewDatabaseAsync(), []);
        var (acknowledged, refused) = (new ConcurrentBag<string>(), 0);
        using var end = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 16).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; !end.IsCancellationRequested; i++)
            {
                try
                {
                    await store.PutAsync(new Thing($"{caller}-{i}", "ann"));
                    acknowledged.Add($"{caller}-{i}");
                }
                catch (StoreUnavailableException)
                {
                    Interlocked.Increment(ref refused);
                }
            }
        })).ToList();

        await Retry.Until("there is something to lose", () => acknowledged.Count > 200);
        await server.CrashAsync();
        await Retry.Until("callers are told", () => Volatile.Read(ref refused) > 20);
        await server.StartAgainAsync();
        var before = acknowledged.Count;
        await Retry.Until("it works again", () => acknowledged.Count > before + 200);
        await end.CancelAsync();
        await Task.WhenAll(callers);

        Assert.All(await Task.WhenAll(acknowledged.Select(store.GetAsync)), Assert.NotNull);
    }

    [Fact]
    public async Task A_commit_whose_answer_is_lost_is_not_run_again()
    {
        var server = await PostgresServer.SharedAsync();
        var database = await server.NewDatabaseAsync();
        await using var store = await PostgreSqlStoreTests.OpenAsync(database, []);
        // The session ends in the middle of the COMMIT that puts this row.
        await ExecuteAsync(database, """
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.key = 'cut') EXECUTE FUNCTION cut();
            """);
        var runs = 0;
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.RunAsync(t =>
        {
            runs++;
            t.Put(Tables.Things, new Thing("cut", "ann"));
            return ValueTask.FromResult(true);
        }));

        Assert.Equal(1, runs);
        Assert.Contains("not known", refusal.Message);
        await store.PutAsync(new Thing("a", "ann"));
    }

    [Fact]
    public async Task A_connection_that_was_cut_before_the_commit_costs_nobody_anything()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var store = await PostgreSqlStoreTests.OpenAsync(database, []);
        var runs = 0;
        await store.RunAsync(async t =>
        {
            await t.GetAsync(Tables.Things, "a");
            if (++runs == 1)
                await ExecuteAsync(database, EndSessions);
            t.Put(Tables.Things, new Thing("a", $"{runs}"));
            return await t.GetAsync(Tables.Things, "b");
        });

        Assert.Equal("2", (await store.GetAsync("a"))!.Owner);
    }

    [Fact]
    public async Task An_operation_that_the_server_ended_for_idling_is_run_again()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        // Long enough to open the store on a busy machine.
        await using var store = await PostgreSqlStoreTests.OpenAsync(database + ";Options=-c idle_in_transaction_session_timeout=1s", []);
        var runs = 0;
        await store.RunAsync(async t =>
        {
            await t.GetAsync(Tables.Things, "a");
            if (++runs == 1)
                await Retry.Until("the session was ended", () => IsIdleInNoTransactionAsync(database));
            t.Put(Tables.Things, new Thing("a", $"{runs}"));
            return await t.GetAsync(Tables.Things, "b");
        });

        Assert.InRange(runs, 2, int.MaxValue);
        Assert.Equal($"{runs}", (await store.GetAsync("a"))!.Owner);
    }

    [Fact]
    public async Task An_address_that_leads_to_a_standby_for_a_while_is_left_again()
    {
        var server = await PostgresServer.SharedAsync();
        var database = await server.NewDatabaseAsync();
        var name = new NpgsqlConnectionStringBuilder(database).Database!;
        var clock = new FakeTimeProvider();
        await using var store = await PostgreSqlStoreTests.OpenAsync(database, [], clock: clock);
        await store.Feed.StartAsync(CancellationToken.None);
        await store.PutAsync(new Thing("a", "ann"));

        // As far as a client can tell: new sessions write nothing.
        await server.ExecuteAsync("postgres", $"ALTER DATABASE {name} SET default_transaction_read_only = on");
        await CutAsync();
        // The first ones may be told that their session was ended.
        await Retry.Until("an operation is refused for it", async () =>
        {
            var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.PutAsync(new Thing("b", "ann")));
            return refusal.InnerException!.Message.Contains("takes no writes");
        });
        clock.Advance(TimeSpan.FromSeconds(6));
        await Retry.Until("the node hears nobody", () => store.Feed.Trouble is not null);

        await server.ExecuteAsync("postgres", $"ALTER DATABASE {name} RESET default_transaction_read_only");
        await store.PutAsync(new Thing("b", "ann"));
        await Retry.Until("the node hears the others", () => store.Feed.Trouble is null);

        Task CutAsync() => server.ExecuteAsync("postgres", $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    }

    [Fact]
    public async Task What_others_do_is_heard_again_whatever_the_connection_failed_by()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var other = await PostgreSqlStoreTests.OpenAsync(database, [], [new FollowedTable(Tables.Things, Missed.Lost)]);
        await other.Feed.StartAsync(CancellationToken.None);
        var (isNameKnown, failures) = (true, 0);
        var builder = new NpgsqlDataSourceBuilder(database + ";Application Name=feed");
        builder.UsePhysicalConnectionInitializer(
            _ => { },
            _ =>
            {
                if (Volatile.Read(ref isNameKnown))
                    return Task.CompletedTask;
                Interlocked.Increment(ref failures);
                // As when the resolver is too slow.
                throw new TimeoutException();
            });
        await using var source = builder.Build();
        var (owners, clock) = (new Owners(), new FakeTimeProvider());
        var followers = new Followers([owners], [new FollowedTable(Tables.Things, Missed.Lost)], NullLogger.Instance);
        await using var feed = new ChangeFeed(source, new SqlTables(Tables.All), followers, new NodeClock(source), clock, NullLogger.Instance);
        await feed.RememberAsync();
        await feed.StartAsync(CancellationToken.None);
        await HearAsync();
        Assert.Null(feed.Trouble);

        Volatile.Write(ref isNameKnown, false);
        source.Clear();
        await ExecuteAsync(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'feed'");
        await Retry.Until("it has tried again and again", () => Volatile.Read(ref failures) >= 2);
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.NotNull(feed.Trouble);
        Volatile.Write(ref isNameKnown, true);

        await Retry.Until("it is well again", () => feed.Trouble is null);
        await HearAsync();
        await feed.StopAsync(CancellationToken.None);

        async Task HearAsync()
        {
            var before = owners.Heard.Count;
            await Retry.Until("it hears of a thing", async () =>
            {
                await other.PutAsync(new Thing("a", "ann"));
                return owners.Heard.Count > before;
            });
        }
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("no-such-host.invalid")]
    public async Task A_server_that_is_not_there_is_refused_with_what_to_do(string host)
    {
        var refusal = await Assert.ThrowsAsync<StoreOpenException>(
            () => PostgreSqlStoreTests.OpenAsync($"Host={host};Port=1;Database=none;Username=nobody;Password=secret", []));

        Assert.Contains("Charging:Store:ConnectionString", refusal.Message);
        Assert.Contains("start it, or correct Host and Port", refusal.Message);
        Assert.DoesNotContain("secret", refusal.ToString());
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_refused_with_what_to_do()
    {
        var server = await PostgresServer.SharedAsync();

        var refusal = await Assert.ThrowsAsync<StoreOpenException>(() => PostgreSqlStoreTests.OpenAsync(server.ConnectionString("none"), []));

        Assert.Contains("has no such database", refusal.Message);
    }

    [Fact]
    public async Task A_user_who_may_make_no_tables_is_refused_with_what_to_do_and_served_when_they_are_there()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        var name = new NpgsqlConnectionStringBuilder(database).Database!;
        await ExecuteAsync(database, $"CREATE ROLE reader_{name} LOGIN");
        var asReader = database.Replace("Username=postgres", $"Username=reader_{name}");
        var refusal = await Assert.ThrowsAsync<StoreOpenException>(() => PostgreSqlStoreTests.OpenAsync(asReader, []));
        Assert.Contains("grant it CREATE", refusal.Message);

        await (await PostgreSqlStoreTests.OpenAsync(database, [])).DisposeAsync();
        await ExecuteAsync(database, $"GRANT ALL ON ALL TABLES IN SCHEMA public TO reader_{name}; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO reader_{name}");
        await using var store = await PostgreSqlStoreTests.OpenAsync(asReader, []);
        await store.PutAsync(new Thing("a", "ann"));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("Database=charging", "names no Host")]
    [InlineData("Host=db;Pasword=hunter2", "cannot be read")]
    [InlineData("Host=db;Port=hunter2", "cannot be read")]
    [InlineData("Host=db;Maximum Pool Size=0", "Maximum Pool Size")]
    public void A_connection_string_that_makes_no_sense_is_a_sentence_without_its_secrets(string text, string expected)
    {
        var complaint = new PostgreSqlOptions { ConnectionString = text }.Complaint();

        Assert.Contains("Charging:Store:ConnectionString", complaint);
        Assert.Contains(expected, complaint);
        Assert.DoesNotContain("hunter2", complaint);
    }

    private static async Task<bool> IsIdleInNoTransactionAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'", connection);
        return await command.ExecuteScalarAsync() is true;
    }

    /// <summary>The owners of things that it was told of.</summary>
    private sealed class Owners : IStoreObserver
    {
        public ConcurrentBag<string> Heard { get; } = [];

        public void Committed(IReadOnlyList<Change> changes)
        {
            foreach (var change in changes)
                Heard.Add((change.Entity as Thing)?.Owner ?? "gone");
        }
    }

    internal static async Task ExecuteAsync(string database, string statement)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync();
    }
}
