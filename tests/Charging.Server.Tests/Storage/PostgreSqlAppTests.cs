using System.Globalization;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.PileSimulator;
using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Server.Storage.PostgreSql;
using Charging.Server.Tests.Operations;
using Charging.Server.Tests.Piles;
using Charging.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;
using OrderState = Charging.Server.Orders.OrderState;

namespace Charging.Server.Tests.Storage;

/// <summary>The whole server on PostgreSQL.</summary>
public sealed class PostgreSqlAppTests
{
    [Fact]
    public async Task A_charge_goes_from_the_reservation_to_the_settlement()
    {
        await using var stand = await OpenAsync(await (await PostgresServer.SharedAsync()).NewDatabaseAsync());
        var orderNo = await stand.BeginAsync();
        await stand.UntilAsync(orderNo, OrderState.Charging);
        Assert.Equal(1, await stand.SeeAsync());
        stand.Pile.Unplug(2);

        await stand.UntilAsync(orderNo, OrderState.Settled);
        // What the node keeps in memory follows the commit.
        await Retry.Until("the plug is free", async () => await stand.SeeAsync() == 0);
        Assert.Equal(1, stand.Pile.StartsObeyed(orderNo));
        Assert.IsType<PostgreSqlStore>(stand.App.Services.GetRequiredService<IStore>());
        Assert.Empty(Directory.GetFiles(stand.App.DataDirectory, "charging.*"));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task What_one_node_reserves_and_releases_is_seen_by_the_other_and_so_are_its_riders()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var stand = await OpenAsync(database);
        await using var other = await ChargingApp.StartAsync(Options(database) with { Clock = stand.Clock });
        // The pile speaks to the first node alone, so to the second it is offline: 2 is a plug of an offline pile, 1 one that an order has.
        Assert.Equal(2, await SeePlugAsync());

        var orderNo = await stand.ReserveAsync();
        await Retry.Until("the other node sees the plug busy", async () => await SeePlugAsync() == 1);
        await stand.LeaveAsync();
        await Retry.Until("the other node sees the plug free", async () => await SeePlugAsync() == 2);
        await stand.App.Services.GetRequiredService<Tokens>().RevokeAllAsync((await stand.OrderAsync(orderNo)).UserId);
        await Retry.Until("the token is dead on the other node", async () => (await SeeAsync()).Code == 401);

        Task<Answer> SeeAsync() => other.PostAsync("getPileStatus", new { body = new { deviceNo = stand.Device } }, stand.Rider.Token);

        async Task<int> SeePlugAsync() => (await SeeAsync()).Data!.Value.GetProperty("plugs")[1].GetInt32();
    }

    [Fact]
    public async Task Two_nodes_of_which_each_is_its_piles_broker_are_warned_of()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var node = await ChargingApp.StartAsync(Options(database));
        Assert.DoesNotContain(await WarningsAsync(node), warning => warning.Contains("Other nodes serve"));
        await using var other = await ChargingApp.StartAsync(Options(database));

        await Retry.Until("it is said", async () => (await WarningsAsync(other)).Any(warning => warning.Contains("Other nodes serve")));

        static async Task<IEnumerable<string>> WarningsAsync(ChargingApp app) =>
            (await new Ops.V1.SystemService.SystemServiceClient(app.AsOperator()).DiagnoseAsync(new Ops.V1.DiagnoseRequest())).Diagnosis.Warnings;
    }

    [Fact]
    public async Task A_node_that_replaces_the_operator_key_of_the_others_says_so()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var node = await ChargingApp.StartAsync(Options(database));
        await using var other = await ChargingApp.StartAsync(Options(database));

        Assert.DoesNotContain(node.Log.Records, record => record.Message.Contains("that of the other nodes is dead"));
        Assert.Contains(other.Log.Records, record => record.Message.Contains("that of the other nodes is dead"));
    }

    [Fact]
    public async Task A_rider_who_has_just_logged_in_is_known_at_another_node_also_while_others_invent_tokens()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var node = await ChargingApp.StartAsync(Options(database));
        await using var other = await ChargingApp.StartAsync(Options(database));
        using var end = new CancellationTokenSource();
        var inventing = Enumerable.Range(0, 32).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
                await other.PostAsync("getBalance", null, Token.NewText());
        })).ToArray();

        for (var login = 0; login < 20; login++)
            Assert.Equal(200, (await other.PostAsync("getBalance", null, (await node.RegisterAsync()).Token)).Code);
        await end.CancelAsync();
        await Task.WhenAll(inventing);
    }

    [Fact]
    public async Task A_token_that_comes_and_goes_while_a_node_starts_is_dead_there()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var node = await ChargingApp.StartAsync(Options(database));
        Rider? rider = null;
        await using var starting = await ChargingApp.StartAsync(Options(database) with
        {
            Configure = builder =>
            {
                // After the store was opened, and before anybody has read the tokens; and when they were read.
                builder.Services.Insert(0, ServiceDescriptor.Singleton<IStoreObserver>(new AtLoad(async () => rider = await node.RegisterAsync())));
                builder.Services.AddSingleton<IStoreObserver>(new AtLoad(async () => Assert.Equal(200, (await node.PostAsync("logout", null, rider!.Token)).Code)));
            },
        });

        await Retry.Until("the token is dead there", async () => (await starting.PostAsync("getBalance", null, rider!.Token)).Code == 401);
    }

    [Fact]
    public async Task A_node_that_has_much_to_do_goes_on_taking_events()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var app = await ChargingApp.StartAsync(Options(database + ";Maximum Pool Size=2"));
        using var busy = new CountdownEvent(2);
        var end = new TaskCompletionSource();
        var operations = Enumerable.Range(0, 10).Select(_ => app.Services.GetRequiredService<IStore>().RunAsync(async tx =>
        {
            if (!end.Task.IsCompleted)
                busy.Signal();
            await end.Task;
            return tx.Now;
        })).ToArray();
        try
        {
            await Retry.Until("all of its operations are under way", () => busy.IsSet);
            Assert.True(await app.Services.GetRequiredService<IPileListener>().CanKeepAsync().WaitAsync(TimeSpan.FromSeconds(20)));
            Assert.DoesNotContain(operations, operation => operation.IsCompleted);
        }
        finally
        {
            end.SetResult();
            await Task.WhenAll(operations);
        }
    }

    [Fact]
    public async Task A_rider_who_has_just_logged_in_at_one_node_may_ask_another_at_once()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var node = await ChargingApp.StartAsync(Options(database));
        await using var other = await ChargingApp.StartAsync(Options(database));
        for (var times = 0; times < 20; times++)
        {
            var rider = await node.RegisterAsync();
            Assert.Equal(200, (await other.PostAsync("getBalance", null, rider.Token)).Code);
        }
        Assert.Equal(401, (await other.PostAsync("getBalance", null, new string('a', 43))).Code);
    }

    [Fact]
    public async Task What_a_node_that_crashed_had_begun_is_done_by_another()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        var clock = new SteppedClock(Stand.Beginning);
        await using var survivor = await ChargingApp.StartAsync(Options(database) with { Clock = clock });
        string orderNo;
        await using (var stand = await OpenAsync(database, clock))
            orderNo = await stand.ReserveAsync();

        clock.Advance(TimeSpan.FromMinutes(3));

        await Retry.Until("the other node lets the reservation expire", async () =>
            (await survivor.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(OrderTables.Orders, orderNo)))!.State == OrderState.Expired);
    }

    [Fact]
    public async Task What_another_node_of_the_same_machine_has_leased_is_left_to_it_until_its_lease_is_over()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        var clock = new SteppedClock(Stand.Beginning);
        string orderNo;
        await using (var stand = await OpenAsync(database, clock))
        {
            orderNo = await stand.ReserveAsync();
            await PutAsync(stand.App, new DueRow { Kind = DueKind.Expire, Subject = orderNo, DueAt = clock.GetUtcNow() + DueRow.Lease, LeasedBy = $"{Environment.MachineName}/another", Leases = 1 });
        }
        await using var node = await ChargingApp.StartAsync(Options(database) with { Clock = clock });

        // What is due now is taken up after whatever was due when the node started.
        var sentinel = new DueRow { Kind = DueKind.Expire, Subject = "201912040000009999", DueAt = clock.GetUtcNow() };
        await PutAsync(node, sentinel);
        await Retry.Until("what is due is done", async () => await FindAsync(sentinel.Key) is null);
        Assert.Equal($"{Environment.MachineName}/another", (await FindAsync(DueRow.KeyOf(DueKind.Expire, orderNo)))!.LeasedBy);
        clock.Advance(DueRow.Lease);
        await Retry.Until("it is done when the lease is over", async () => await FindAsync(DueRow.KeyOf(DueKind.Expire, orderNo)) is not { Kind: DueKind.Expire });

        Task<DueRow?> FindAsync(string key) => node.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(DueRows.Table, key));

        static Task PutAsync(ChargingApp app, DueRow row) => app.Services.GetRequiredService<IStore>().RunAsync(tx =>
        {
            tx.Put(DueRows.Table, row);
            return ValueTask.FromResult(true);
        });
    }

    [Fact]
    public async Task A_server_that_is_gone_is_answered_5000_and_served_again_when_it_is_back()
    {
        await using var postgres = await PostgresServer.StartAsync("-c fsync=off");
        await using var stand = await OpenAsync(await postgres.NewDatabaseAsync());
        var orderNo = await stand.BeginAsync();

        await postgres.CrashAsync();
        Assert.Equal(5000, (await stand.Rider.ReserveAsync(stand.Device, "03")).Code);
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, (await stand.App.Http.GetAsync("/readyz")).StatusCode);
        // What is in memory is served meanwhile.
        Assert.Equal(1, await stand.SeeAsync());
        stand.Pile.Unplug(2);
        await postgres.StartAgainAsync();

        await Retry.Until("it serves again", async () => (await stand.Rider.ReserveAsync(stand.Device, "03")).Code == 200);
        await stand.App.AdvanceUntil("the charge is settled", () => stand.OrderAsync(orderNo).Result.State == OrderState.Settled, TimeSpan.FromSeconds(5));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_node_that_cannot_follow_the_others_is_not_ready()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var stand = await OpenAsync(database);
        await Retry.Until("it is ready", async () => (await stand.App.Http.GetAsync("/readyz")).IsSuccessStatusCode);
        await PostgreSqlFailureTests.ExecuteAsync(database, "ALTER TABLE stations RENAME TO elsewhere");
        await Retry.Until("it is not ready", async () =>
        {
            stand.Clock.Advance(TimeSpan.FromSeconds(6));
            return (await (await stand.App.Http.GetAsync("/readyz")).Content.ReadAsStringAsync()).Contains("does not hear what the others change");
        });
        Assert.Equal(200, (await stand.Rider.PostAsync("getBalance")).Code);
        await PostgreSqlFailureTests.ExecuteAsync(database, "ALTER TABLE elsewhere RENAME TO stations");

        await Retry.Until("it is ready again", async () => (await stand.App.Http.GetAsync("/readyz")).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Numbers_leap_after_a_restore_as_the_document_says()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        long last;
        await using (var before = await OpenAsync(database))
            last = Number(await before.ReserveAsync());
        var document = await File.ReadAllTextAsync(Path.Combine(ForeignPileTests.Root(AppContext.BaseDirectory), "docs", "scale.md"));
        await PostgreSqlFailureTests.ExecuteAsync(database, document.Split("```sql")[1].Split("```")[0]);

        await using var after = await OpenAsync(database);

        Assert.Equal(last + 1_000_001, Number(await after.ReserveAsync()));

        static long Number(string orderNo) => long.Parse(orderNo["yyyyMMdd".Length..], CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task What_a_restored_database_has_back_waits_for_an_admin_as_the_document_says()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        string token, key;
        await using (var before = await ChargingApp.StartAsync(new ChargingAppOptions { Store = TestStore.On(database) }))
            (token, key) = ((await before.RegisterAsync()).Token, await before.NewKeyAsync(Role.Viewer));
        var document = await File.ReadAllTextAsync(Path.Combine(ForeignPileTests.Root(AppContext.BaseDirectory), "docs", "scale.md"));
        await PostgreSqlFailureTests.ExecuteAsync(database, document.Split("```sql")[2].Split("```")[0]);

        await using var after = await ChargingApp.StartAsync(new ChargingAppOptions { Store = TestStore.On(database) });
        await using var other = await ChargingApp.StartAsync(new ChargingAppOptions { Store = TestStore.On(database) });
        Assert.Equal((401, StatusCode.Unauthenticated), await OpensAsync(after));
        Assert.Equal((401, StatusCode.Unauthenticated), await OpensAsync(other));

        // The last node that has started decided which file is valid.
        await new SystemService.SystemServiceClient(other.AsOperator()).AcceptRestoreAsync(new AcceptRestoreRequest());

        Assert.Equal((200, StatusCode.OK), await OpensAsync(other));
        await Retry.Until("the other node has heard of it", async () => await OpensAsync(after) == (200, StatusCode.OK));

        async Task<(int, StatusCode)> OpensAsync(ChargingApp app)
        {
            var answer = await app.CallingWith($"Bearer {key}").CallAsync(SystemService.Descriptor.FindMethodByName("Diagnose"));
            return ((await app.PostAsync("getBalance", null, token)).Code, answer.Code);
        }
    }

    [Fact]
    public async Task A_database_that_was_restored_from_a_dump_is_known_for_a_copy_once()
    {
        var server = await PostgresServer.SharedAsync();
        var (source, copy) = (await server.NewDatabaseAsync(), await server.NewDatabaseAsync());
        string key;
        await using (var before = await ChargingApp.StartAsync(new ChargingAppOptions { Store = TestStore.On(source) }))
            key = await before.NewKeyAsync(Role.Viewer);
        await using (var again = await ChargingApp.StartAsync(new ChargingAppOptions { Store = TestStore.On(source) }))
            Assert.Equal(StatusCode.OK, await OpensAsync(again));
        var dump = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.sql");
        await File.WriteAllTextAsync(dump, await server.RunProgramAsync("pg_dump", server.Place(NameOf(source))));
        await server.RunProgramAsync("psql", ["-q", "-v", "ON_ERROR_STOP=1", "-f", dump, .. server.Place(NameOf(copy))]);
        File.Delete(dump);

        await using (var restored = await ChargingApp.StartAsync(new ChargingAppOptions { Store = TestStore.On(copy) }))
        {
            Assert.Equal(StatusCode.Unauthenticated, await OpensAsync(restored));
            Assert.Contains(restored.Log.Records, record => record.Message.Contains("restored from a dump", StringComparison.Ordinal));
            var added = await new KeyService.KeyServiceClient(restored.AsOperator()).AddKeyAsync(new AddKeyRequest { Name = "new", Role = Role.Viewer });
            Assert.Equal("k1000002", added.Key.KeyId);
            await new SystemService.SystemServiceClient(restored.AsOperator()).AcceptRestoreAsync(new AcceptRestoreRequest());
        }
        await using (var later = await ChargingApp.StartAsync(new ChargingAppOptions { Store = TestStore.On(copy) }))
            Assert.Equal(StatusCode.OK, await OpensAsync(later));

        async Task<StatusCode> OpensAsync(ChargingApp app) =>
            (await app.CallingWith($"Bearer {key}").CallAsync(SystemService.Descriptor.FindMethodByName("Diagnose"))).Code;

        static string NameOf(string database) => new Npgsql.NpgsqlConnectionStringBuilder(database).Database!;
    }

    [Theory]
    [InlineData("- interval '3 s'", "s ahead of that of PostgreSQL")]
    [InlineData("+ interval '1 h'", "s behind that of PostgreSQL")]
    public async Task A_node_whose_clock_is_wrong_does_nothing(string difference, string expected)
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var stand = await OpenAsync(database);
        // What stands before PostgreSQL's own functions is called in their place.
        var options = Options(database + ";Search Path=public,pg_catalog") with { Clock = stand.Clock };
        await TellTimeAsync("");
        await using var app = await ChargingApp.StartAsync(options);
        await TellTimeAsync(difference);
        Assert.Contains(expected, await (await app.Http.GetAsync("/readyz")).Content.ReadAsStringAsync());
        Assert.Equal(5000, (await app.PostAsync("getBalance", null, stand.Rider.Token)).Code);
        Assert.False(await app.Services.GetRequiredService<IPileListener>().CanKeepAsync());
        // A pile is not told the wrong time.
        var (board, device) = (app.Services.GetRequiredService<Board>(), DeviceNo.Parse(stand.Device));
        await using var pile = new SimulatedPile(stand.Pile.Options with { Port = app.Port("Mqtt") });
        await pile.StartAsync();
        await Retry.Until("it is online there", () => board.Reach(device) == PileReach.Online);
        Assert.Null(board.Find(device)!.TimeSentAt);

        // One that starts waits for the right time.
        var log = new LogCapture();
        var starting = Task.Run(() => ChargingApp.StartAsync(options with { Configure = builder => builder.Logging.AddProvider(log) }));
        await Retry.Until("it waits", () => log.Records.Any(record => record.Message.Contains("cannot be opened yet") && record.Message.Contains(expected)));
        await TellTimeAsync("+ interval '1 s'");
        await (await starting).DisposeAsync();
        await Retry.Until("it is ready", async () => (await app.Http.GetAsync("/readyz")).IsSuccessStatusCode);
        Assert.Equal(200, (await app.PostAsync("getBalance", null, stand.Rider.Token)).Code);

        Task TellTimeAsync(string by) => PostgreSqlFailureTests.ExecuteAsync(
            database, $"CREATE OR REPLACE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp() {by} $$");
    }

    [Fact]
    public async Task Every_table_that_is_in_memory_is_told_from_node_to_node()
    {
        await using var app = await ChargingApp.StartAsync();
        var reading = new ReadingStore(app.Services.GetRequiredService<IStore>());
        foreach (var observer in app.Services.GetServices<IStoreObserver>())
            await observer.LoadAsync(reading, CancellationToken.None);

        Assert.NotEmpty(reading.Read);
        Assert.Subset(Charging.Server.Storage.Tables.Followed.Select(followed => followed.Table).ToHashSet(), reading.Read);
    }

    [Theory]
    [InlineData("--Charging:Store:Engine=Oracle", "Charging:Store:Engine")]
    [InlineData("--Charging:Store:Engine=7", "LiteDb or PostgreSql")]
    [InlineData("--Charging:Store:Engine=PostgreSql", "Charging:Store:ConnectionString is empty")]
    [InlineData("--Charging:Store:QueueLength=0", "Charging:Store:QueueLength")]
    public void A_setting_that_makes_no_sense_is_a_sentence(string setting, string expected)
    {
        var refusal = Assert.Throws<Charging.Server.Calls.StartupException>(() => Program.Build(["--environment=Development", setting]));

        Assert.Contains(expected, refusal.Message);
    }

    private static async Task<Stand> OpenAsync(string database, SteppedClock? clock = null)
    {
        clock ??= new SteppedClock(Stand.Beginning);
        var app = await ChargingApp.StartAsync(Options(database) with { Clock = clock });
        return new Stand(app, clock, await app.AddPileAsync(), await app.RegisterAsync());
    }

    private static ChargingAppOptions Options(string database) => new() { Settings = TestStore.On(database) };

    /// <summary>The app's store, which notes what is listed.</summary>
    private sealed class ReadingStore(IStore store) : IStore
    {
        public HashSet<ITable> Read { get; } = [];

        public Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default) =>
            store.RunAsync(tx => operation(new ReadingTransaction(tx, Read)), cancellationToken);
    }

    private sealed class ReadingTransaction(ITransaction tx, HashSet<ITable> read) : ITransaction
    {
        public DateTimeOffset Now => tx.Now;

        public ValueTask<T?> GetAsync<T>(Table<T> table, string key)
            where T : class => tx.GetAsync(table, key);

        public ValueTask<IReadOnlyList<T>> ListAsync<T>(Index<T> index, KeyRange range, int limit)
            where T : class
        {
            read.Add(index.Table);
            return tx.ListAsync(index, range, limit);
        }

        public void Put<T>(Table<T> table, T entity)
            where T : class => tx.Put(table, entity);

        public void Delete<T>(Table<T> table, string key)
            where T : class => tx.Delete(table, key);

        public ValueTask<long> NextNumberAsync(string sequence) => tx.NextNumberAsync(sequence);

        public ValueTask RaiseNumberAsync(string sequence, long given) => tx.RaiseNumberAsync(sequence, given);
    }

    private sealed class AtLoad(Func<Task> load) : IStoreObserver
    {
        public Task LoadAsync(IStore store, CancellationToken cancellationToken) => load();

        public void Committed(IReadOnlyList<Change> changes)
        {
        }
    }
}
