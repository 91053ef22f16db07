using Charging.Server.Storage;
using Charging.Server.Storage.PostgreSql;
using Charging.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>What PostgreSQL refuses, by SQLSTATE: run again where that helps, and named by what it is.</summary>
public sealed class PostgreSqlShortageTests
{
    [Theory]
    [InlineData("40001", nameof(FailureKind.Conflict))]
    [InlineData("40P01", nameof(FailureKind.Conflict))]
    [InlineData("40000", nameof(FailureKind.Conflict))]
    [InlineData("40002", nameof(FailureKind.Conflict))]
    [InlineData("23505", nameof(FailureKind.Conflict))]
    [InlineData("72000", nameof(FailureKind.Conflict))]
    [InlineData("53000", nameof(FailureKind.Shortage))]
    [InlineData("53200", nameof(FailureKind.Shortage))]
    [InlineData("55P03", nameof(FailureKind.Shortage))]
    [InlineData("57014", nameof(FailureKind.Shortage))]
    [InlineData("40003", nameof(FailureKind.Lost))]
    [InlineData("53300", nameof(FailureKind.Lost))]
    [InlineData("57P01", nameof(FailureKind.Lost))]
    [InlineData("57P02", nameof(FailureKind.Lost))]
    [InlineData("57P03", nameof(FailureKind.Lost))]
    [InlineData("57P05", nameof(FailureKind.Lost))]
    [InlineData("08006", nameof(FailureKind.Lost))]
    [InlineData("25006", nameof(FailureKind.Lost))]
    [InlineData("25P03", nameof(FailureKind.Lost))]
    [InlineData("25P04", nameof(FailureKind.Lost))]
    [InlineData("53100", nameof(FailureKind.Refused), "its disk is full")]
    [InlineData("53400", nameof(FailureKind.Refused), "temp_file_limit")]
    [InlineData("42501", nameof(FailureKind.Refused), "lacks a right")]
    [InlineData("42P01", nameof(FailureKind.Refused), "changed by hand")]
    [InlineData("42703", nameof(FailureKind.Refused), "changed by hand")]
    [InlineData("28P01", nameof(FailureKind.Refused), "Password")]
    [InlineData("3D000", nameof(FailureKind.Refused), "database is gone")]
    [InlineData("58030", nameof(FailureKind.Refused), "disk or its system")]
    [InlineData("XX001", nameof(FailureKind.Refused), "damaged")]
    [InlineData("XX000", nameof(FailureKind.Refused), "internal error")]
    public void Each_state_is_run_again_or_named(string state, string kind, string? advice = null)
    {
        var failure = new PostgresException("refused", "ERROR", "ERROR", state);

        Assert.Equal(kind, $"{PostgreSqlFailure.Kind(failure)}");
        Assert.Contains(advice ?? "", PostgreSqlFailure.Advice(failure));
        Assert.Equal(kind is not nameof(FailureKind.Lost) || state is "53300" or "25006" or "25P03", PostgreSqlFailure.IsAnswer(failure));
    }

    [Fact]
    public async Task Operations_for_whose_locks_there_is_no_room_are_run_again_and_the_log_says_which_setting_to_raise()
    {
        // Room for some hundred predicate locks, which are not made coarser before it is full.
        await using var server = await PostgresServer.StartAsync("-c fsync=off -c max_connections=30 -c max_pred_locks_per_transaction=10 -c max_pred_locks_per_relation=1000");
        var (database, log) = (await server.NewDatabaseAsync(), new LogCapture());
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(log));
        await using var store = await PostgreSqlStoreTests.OpenAsync(database, [], logger: factory.CreateLogger<PostgreSqlStore>());

        await Task.WhenAll(Enumerable.Range(0, 60).Select(number => Task.Run(() => store.RunAsync(async tx =>
        {
            // Each key has a page of the hash index of its own.
            for (var key = 0; key < 25; key++)
            {
                await tx.GetAsync(Tables.Things, $"{number}-{key}");
                await tx.GetAsync(Tables.Counters, $"{number}-{key}");
            }
            tx.Put(Tables.Things, new Thing($"{number}", "ann"));
            return true;
        }))));

        Assert.NotNull(await store.GetAsync("59"));
        Assert.Contains(log.Records, record => record.Message.Contains("max_pred_locks_per_transaction") && record.Message.Contains("53200"));
    }

    [Fact]
    public void A_state_is_logged_once_a_minute_with_how_often_it_came()
    {
        var (clock, log) = (new FakeTimeProvider(), new LogCapture());
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(log));
        var failures = new PostgreSqlFailureLog(clock, factory.CreateLogger("store"));
        var (full, short_) = (new PostgresException("", "ERROR", "ERROR", "53100"), new PostgresException("", "ERROR", "ERROR", "53200"));

        for (var i = 0; i < 100; i++)
            failures.Retried(full);
        failures.Retried(short_);
        Assert.Equal(2, log.Records.Count);
        clock.Advance(TimeSpan.FromMinutes(1));
        failures.Retried(full);

        Assert.Contains("100 times", log.Records.Last().Message);
    }

    [Fact]
    public async Task A_store_that_is_jammed_stops_without_those_who_wait()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        var store = await PostgreSqlStoreTests.OpenAsync(database, []);
        await using var blocker = new NpgsqlConnection(database + ";Pooling=false");
        await blocker.OpenAsync();
        await using (var command = new NpgsqlCommand("BEGIN; LOCK TABLE things IN ACCESS EXCLUSIVE MODE", blocker))
            await command.ExecuteNonQueryAsync();
        var operations = Enumerable.Range(0, 200).Select(number => store.GetAsync($"{number}")).ToList();
        await Retry.Until("the others wait", () => store.Waiting > 100);

        store.StopWaiting();
        await Retry.Until("who waits is refused", () => operations.Count(operation => operation.IsFaulted) >= 180);
        var since = TimeProvider.System.GetTimestamp();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.GetAsync("late"));
        await store.DisposeAsync();

        Assert.InRange(TimeProvider.System.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(6));
    }
}
