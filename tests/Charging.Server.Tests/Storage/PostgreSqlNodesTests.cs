using Charging.Server.Storage;
using Charging.Server.Storage.PostgreSql;
using Charging.Testing;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>Two nodes on one database: each is alone as far as its operations can tell, and hears what the other does.</summary>
public sealed class PostgreSqlNodesTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Mirror _seen = new();
    private string _database = "";
    private PostgreSqlStore _one = null!;
    private PostgreSqlStore _two = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        // At once, as nodes do when the power comes back.
        var nodes = await Task.WhenAll(OpenAsync([]), OpenAsync([_seen]));
        (_one, _two) = (nodes[0], nodes[1]);
        await _one.Feed.StartAsync(CancellationToken.None);
        await _two.Feed.StartAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    [Fact]
    public async Task One_of_sixty_four_callers_takes_what_only_one_may_have()
    {
        for (var round = 0; round < 10; round++)
        {
            var won = await Task.WhenAll(Enumerable.Range(0, 64).Select(caller => Task.Run(() => NodeOf(caller).RunAsync(async t =>
            {
                if (await t.GetAsync(Tables.Things, $"{round}") is not null)
                    return false;
                t.Put(Tables.Things, new Thing($"{round}", $"{caller}"));
                return true;
            }))));

            Assert.Single(won, taken => taken);
        }
    }

    [Fact]
    public async Task One_of_sixty_four_callers_gets_a_name_that_is_looked_for_by_an_index()
    {
        var won = await Task.WhenAll(Enumerable.Range(0, 64).Select(caller => Task.Run(() => NodeOf(caller).RunAsync(async t =>
        {
            if ((await t.ListAsync(Tables.ByOwner, KeyRange.Exactly("ann"), 1)).Count > 0)
                return false;
            t.Put(Tables.Things, new Thing($"{caller}", "ann"));
            return true;
        }))));

        Assert.Single(won, taken => taken);
        Assert.Single((await _one.IdsAsync(Tables.ByOwner, new KeyRange("", KeyRange.End))).Split(' '));
    }

    [Fact]
    public async Task None_of_the_increments_of_two_nodes_is_lost()
    {
        var values = await Task.WhenAll(Enumerable.Range(0, 200).Select(caller => Task.Run(() => NodeOf(caller).IncrementAsync("c"))));

        Assert.Equal(Enumerable.Range(1, 200).Select(i => (long)i), values.Order());
    }

    [Fact]
    public async Task Two_who_each_read_what_the_other_writes_do_not_both_succeed_by_what_they_read()
    {
        for (var round = 0; round < 20; round++)
        {
            await _one.PutAsync(new Thing($"{round}-0", "on"), new Thing($"{round}-1", "on"));
            // Each switches one off if the other is on: one of the two must stay on.
            await Task.WhenAll(Enumerable.Range(0, 2).Select(me => Task.Run(() => NodeOf(me).RunAsync(async t =>
            {
                var (own, other) = (await t.GetAsync(Tables.Things, $"{round}-{me}"), await t.GetAsync(Tables.Things, $"{round}-{1 - me}"));
                if (other!.Owner == "on")
                    t.Put(Tables.Things, own! with { Owner = "off" });
                return true;
            }))));

            var owners = new[] { (await _one.GetAsync($"{round}-0"))!.Owner, (await _one.GetAsync($"{round}-1"))!.Owner };
            Assert.Contains("on", owners);
        }
    }

    [Fact]
    public async Task A_node_hears_what_another_puts_changes_and_deletes()
    {
        await _one.PutAsync(new Thing("a", "ann"), new Thing("b", "bob"), new Thing("中🚗！", "cid"));
        await _seen.UntilAsync("a=ann b=bob 中🚗！=cid");
        await _one.PutAsync(new Thing("a", "eve"));
        await _one.DeleteAsync("b");
        await _seen.UntilAsync("a=eve 中🚗！=cid");
    }

    [Fact]
    public async Task A_node_ends_with_the_last_state_of_rows_that_both_change_all_the_time()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
            {
                if ((caller + i) % 5 == 0)
                    await NodeOf(caller).DeleteAsync($"{i % 3}");
                else
                    await NodeOf(caller).PutAsync(new Thing($"{i % 3}", $"{caller}-{i}"));
            }
        })));
        var things = await _one.RunAsync(t => t.ListAsync(Tables.Things.ByKey, new KeyRange("", KeyRange.End), 200));

        await _seen.UntilAsync(string.Join(' ', things.Select(thing => $"{thing.Id}={thing.Owner}")));
    }

    [Fact]
    public async Task A_node_that_heard_nothing_for_a_while_hears_everything_afterwards()
    {
        await _one.PutAsync(new Thing("a", "ann"), new Thing("b", "bob"));
        await _seen.UntilAsync("a=ann b=bob");
        await PostgreSqlFailureTests.ExecuteAsync(
            _database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'");
        await _one.PutAsync(new Thing("a", "eve"), new Thing("c", "cid"));
        await _one.DeleteAsync("b");

        await _seen.UntilAsync("a=eve c=cid");
    }

    [Fact]
    public async Task A_word_that_was_never_said_is_made_up_for_in_half_a_minute()
    {
        await _one.PutAsync(new Thing("a", "ann"), new Thing("b", "bob"));
        await _seen.UntilAsync("a=ann b=bob");
        // As by a node that died between its commit and its word.
        await PostgreSqlFailureTests.ExecuteAsync(_database, """
            DELETE FROM things WHERE key = 'b';
            UPDATE things SET json = '{"Id":"a","Owner":"eve","Note":""}', stamp = nextval('store_stamp') WHERE key = 'a';
            """);
        await _one.PutAsync(new Thing("z", "zoe"));
        await _seen.UntilAsync("a=ann b=bob z=zoe");

        _clock.Advance(TimeSpan.FromSeconds(30));

        await _seen.UntilAsync("a=eve z=zoe");
    }

    [Fact]
    public async Task A_row_that_this_program_cannot_read_hides_no_other()
    {
        await _one.PutAsync(new Thing("a", "ann"), new Thing("b", "bob"));
        await _seen.UntilAsync("a=ann b=bob");
        await PostgreSqlFailureTests.ExecuteAsync(_database, """
            UPDATE things SET json = '{"Id":"a","Owner":{"a newer":"program"}}', stamp = nextval('store_stamp') WHERE key = 'a';
            UPDATE things SET json = '{"Id":"b","Owner":"eve","Note":""}', stamp = nextval('store_stamp') WHERE key = 'b';
            """);

        _clock.Advance(TimeSpan.FromSeconds(30));

        await _seen.UntilAsync("a=ann b=eve");
        await _one.PutAsync(new Thing("a", "cid"));
        await _seen.UntilAsync("a=cid b=eve");
    }

    [Theory]
    [InlineData(Missed.Compared, "a=eve z=zoe")]
    [InlineData(Missed.Since, "a=eve b=bob z=zoe")]
    public async Task What_a_node_did_that_has_gone_is_looked_for_in_large_tables_too(object missed, string expected)
    {
        await using var gone = new NpgsqlConnection(_database + ";Pooling=false");
        await gone.OpenAsync();
        await using (var serve = new NpgsqlCommand(SqlTables.Serve, gone))
            await serve.ExecuteNonQueryAsync();
        var seen = new Mirror();
        await using var node = await PostgreSqlStoreTests.OpenAsync(_database, [seen], [new FollowedTable(Tables.Things, (Missed)missed)], _clock);
        await node.Feed.StartAsync(CancellationToken.None);
        // What is heard from here on comes after its first comparison, which would find what is to be found by the next one.
        await Retry.Until("it compares", () => node.Feed.OtherNodes > 0);
        await _one.PutAsync(new Thing("a", "ann"), new Thing("b", "bob"));
        await seen.UntilAsync("a=ann b=bob");
        await PostgreSqlFailureTests.ExecuteAsync(_database, """
            DELETE FROM things WHERE key = 'b';
            UPDATE things SET json = '{"Id":"a","Owner":"eve","Note":""}', stamp = nextval('store_stamp') WHERE key = 'a';
            """);
        await _one.PutAsync(new Thing("z", "zoe"));
        await seen.UntilAsync("a=ann b=bob z=zoe");
        await PostgreSqlFailureTests.ExecuteAsync(_database, $"SELECT pg_terminate_backend({gone.ProcessID}, 10000)");

        _clock.Advance(TimeSpan.FromSeconds(30));

        await seen.UntilAsync(expected);
    }

    [Fact]
    public async Task A_node_does_nothing_more_when_somebody_moves_the_store_since_its_link_was_cut()
    {
        await using var mover = new NpgsqlConnection(_database + ";Pooling=false");
        await mover.OpenAsync();
        await using var alone = new NpgsqlCommand(SqlTables.BeAlone, mover);
        await Retry.Until("the store is moved", async () =>
        {
            await PostgreSqlFailureTests.ExecuteAsync(_database, "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
            return await alone.ExecuteScalarAsync() is true;
        });

        foreach (var node in new[] { _one, _two })
        {
            await Retry.Until("the node has found out", () => node.Feed.Serving.Refusal is not null);
            var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => node.PutAsync(new Thing("a", "ann")));
            Assert.Contains("is being moved", refusal.Message);
        }
    }

    private PostgreSqlStore NodeOf(int caller) => caller % 2 == 0 ? _one : _two;

    private Task<PostgreSqlStore> OpenAsync(IReadOnlyList<IStoreObserver> observers) =>
        PostgreSqlStoreTests.OpenAsync(_database, observers, [new FollowedTable(Tables.Things, Missed.ComparedOften)], _clock);

    /// <summary>The things, as an observer knows them.</summary>
    private sealed class Mirror : IStoreObserver
    {
        private readonly SortedDictionary<string, string> _things = new(StringComparer.Ordinal);

        public void Committed(IReadOnlyList<Change> changes)
        {
            lock (_things)
            {
                foreach (var change in changes.Where(change => ReferenceEquals(change.Table, Tables.Things)))
                {
                    if (change.Entity is Thing thing)
                        _things[change.Key] = thing.Owner;
                    else
                        _things.Remove(change.Key);
                }
            }
        }

        public Task UntilAsync(string things) => Retry.Until($"the node knows '{things}'", () => Written() == things);

        private string Written()
        {
            lock (_things)
                return string.Join(' ', _things.Select(thing => $"{thing.Key}={thing.Value}"));
        }
    }
}
