using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.PileSimulator;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Google.Protobuf;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>`export` and `import`: everything from one store to another, or nothing.</summary>
public sealed class MoveTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("charging-export-");

    private string Export => Path.Combine(_directory.FullName, "charging.move");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData(StoreEngine.LiteDb, StoreEngine.PostgreSql)]
    [InlineData(StoreEngine.PostgreSql, StoreEngine.LiteDb)]
    public async Task Everything_is_carried_over_and_goes_on_there(StoreEngine from, StoreEngine to)
    {
        using var source = await MovePlace.OpenAsync(from);
        using var target = await MovePlace.OpenAsync(to);
        var history = await History.LiveAsync(source);
        await using var pile = history.Pile;
        string before;
        await using (var app = await source.MoveAsync())
        {
            before = await MovePlace.RowsAsync(app);
            var export = await source.CtlAsync(app, "export", Export);
            Assert.Equal((0, ""), (export.ExitCode, export.Error));
            Assert.Contains("is closed", export.Output);
        }
        await using (var app = await target.MoveAsync())
        {
            var import = await target.CtlAsync(app, "import", Export);
            Assert.Equal((0, ""), (import.ExitCode, import.Error));
            Assert.Matches(" orders +[5-9]", import.Output);
            Assert.Matches("balances of riders ¥ +[0-9]", import.Output);
            var after = await MovePlace.RowsAsync(app);
            // What came is in the audit log behind all that was there.
            Assert.Contains("MoveService/Import", after);
            Assert.Equal(before, string.Concat(after.Split('\n').Where(line => line.Length > 0 && !line.Contains("MoveService/Import")).Select(line => line + "\n")));
        }

        var refusal = await Assert.ThrowsAsync<StartupException>(() => source.ServeAsync());
        Assert.Contains("lives on elsewhere", refusal.Message);
        await using var served = await target.ServeAsync(history.MqttPort);
        await history.GoesOnAsync(served);
        Assert.Equal(0, (await target.CtlAsync(served, "ledger", "check")).ExitCode);
    }

    [Theory]
    [InlineData(StoreEngine.LiteDb)]
    [InlineData(StoreEngine.PostgreSql)]
    public async Task A_server_that_is_killed_in_the_middle_serves_nothing_of_it_and_imports_again(StoreEngine engine)
    {
        using var target = await MovePlace.OpenAsync(engine);
        var export = await ManyAsync();
        await target.BeginAndKillAsync(export);

        var refusal = await Assert.ThrowsAsync<StartupException>(() => target.ServeAsync());
        Assert.Contains("did not come to its end", refusal.Message);
        await using (var app = await target.MoveAsync())
        {
            Assert.Contains("\"state\":\"Importing\"", await MovePlace.RowsAsync(app));
            Assert.Contains("is a part", (await target.CtlAsync(app, "reopen")).Sentence);
            Assert.Contains("a part", (await target.CtlAsync(app, "export", Export + "2")).Sentence);
            var import = await target.CtlAsync(app, "import", Export, "--json");
            Assert.Equal((0, ""), (import.ExitCode, import.Error));
            Assert.Equal(5_000, import.Json.GetProperty("tables").EnumerateArray().Single(table => table.GetProperty("name").GetString() == "users").GetProperty("rows").GetString() is { } rows ? int.Parse(rows, null) : 0);
        }
        await using var served = await target.ServeAsync();
        Assert.Equal(5_000, await served.Services.GetRequiredService<IStore>().ScanAsync(AccountTables.Users.ByKey).CountAsync());
    }

    [Theory]
    [InlineData("cut", "cut off", "cut off")]
    [InlineData("one bit", "damaged", "damaged")]
    [InlineData("a row less", "damaged", "users has 4999 rows here and 5000 in the export")]
    [InlineData("longer", "cut off", "goes on after its end")]
    [InlineData("another file", "no export", "no export")]
    [InlineData("a later form", "damaged", "form 'charging-move 9'")]
    [InlineData("other rows", "damaged", "rows of version 999")]
    [InlineData("a table nobody knows", "damaged", "'usurs'")]
    public async Task What_is_no_whole_export_is_refused_by_both_sides_and_nothing_is_left(string damage, string byClient, string byServer)
    {
        using var target = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        var whole = Encoding.UTF8.GetString(await ManyAsync());
        var bad = Encoding.UTF8.GetBytes(damage switch
        {
            "cut" => whole[..^200],
            // In a value, for a line's end would be another kind of damage.
            "one bit" => whole.IndexOf("\"id\":4000,", StringComparison.Ordinal) is var at ? $"{whole[..at]}\"id\":4001,{whole[(at + 10)..]}" : "",
            // With a checksum that fits, as who writes it by hand may make it.
            "a row less" => Signed(string.Concat(whole.Split('\n').Where(line => !line.Contains("\"id\":4000,")).SkipLast(2).Select(line => line + "\n"))),
            "longer" => whole + "users {}\n",
            "another file" => "{\"a\":1}\nand more",
            "a later form" => whole.Replace("charging-move 1", "charging-move 9"),
            "other rows" => whole.Replace($"\"schema\":{Tables.Migrations.Count}", "\"schema\":999"),
            _ => whole.Replace("\nusers ", "\nusurs "),
        });
        await File.WriteAllBytesAsync(Export, bad);
        await using (var app = await target.MoveAsync())
        {
            if (damage != "a row less")
                Assert.Contains(byClient, (await target.CtlAsync(app, "import", Export)).Sentence);
            var refusal = await ImportAsync(target, app, bad);
            Assert.Equal(StatusCode.InvalidArgument, refusal?.StatusCode);
            Assert.Contains(byServer, refusal!.Status.Detail);
            Assert.Equal("", await MovePlace.RowsAsync(app));
        }
        await using var served = await target.ServeAsync();
        Assert.Equal(0, await served.Services.GetRequiredService<IStore>().ScanAsync(AccountTables.Users.ByKey).CountAsync());
    }

    [Theory]
    [InlineData("\"serverVersion\":\"[0-9.]+", "\"serverVersion\":\"99.0.0", "by a server of version 99.0.0")]
    [InlineData("\"serverVersion\":\"", "\"serverVersion\":\"x", "does not say which server")]
    [InlineData("\"tables\":", "\"tabels\":", "a part of its sums is missing")]
    [InlineData("\"numbers\":", "\"number\":", "a part of its sums is missing")]
    [InlineData("\"ledger\":{\"", "\"legder\":{\"", "a part of its sums is missing")]
    [InlineData("\"order\":[0-9]+", "\"order\":9223372036854775807", "its numbers make no sense")]
    [InlineData("\"order\":[0-9]+", "\"order\":-1", "its numbers make no sense")]
    [InlineData("\"order\":[0-9]+", "\"odrer\":1", "its numbers make no sense")]
    [InlineData("users .*\"id\":4000,.*\n((.*\n)*.*)\"users\":[0-9]+", "$1\"users\":77", "users has 4999 rows here and 5000 in the export")]
    public async Task An_export_that_is_signed_and_makes_no_sense_is_refused_and_nothing_is_left(string part, string bad, string sentence)
    {
        using var target = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        var lines = Regex.Replace(Encoding.UTF8.GetString(await ManyAsync()), "sha256 .*\n$", "");
        await using var app = await target.MoveAsync();

        var refusal = await ImportAsync(target, app, Encoding.UTF8.GetBytes(Signed(Regex.Replace(lines, part, bad))));

        Assert.Equal(StatusCode.InvalidArgument, refusal?.StatusCode);
        Assert.Contains(sentence, refusal!.Status.Detail);
        Assert.Equal("", await MovePlace.RowsAsync(app));
        Assert.Equal(1, await app.Services.GetRequiredService<IStore>().RunAsync(tx => tx.NextNumberAsync(NumberSequence.Users)));
    }

    [Theory]
    [InlineData(StoreEngine.LiteDb)]
    [InlineData(StoreEngine.PostgreSql)]
    public async Task A_store_with_tables_of_a_newer_server_is_not_exported_by_an_older_one(StoreEngine engine)
    {
        using var place = await MovePlace.OpenAsync(engine);
        await using (var served = await place.ServeAsync())
            await served.RegisterAsync();
        await place.AddNewerTableAsync();
        await using var app = await place.MoveAsync();

        Assert.Contains("tables that this server does not know (vouchers)", (await place.CtlAsync(app, "export", Export)).Sentence);
    }

    [Fact]
    public async Task A_caller_that_is_gone_leaves_nothing()
    {
        using var target = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        var whole = await ManyAsync();
        await using var app = await target.MoveAsync();
        using (var call = new MoveService.MoveServiceClient(target.Calls(app.Grpc)).Import())
        {
            await call.RequestStream.WriteAsync(new ImportRequest { Part = ByteString.CopyFrom(whole.AsSpan(0, whole.Length * 3 / 4)) });
            await call.ResponseStream.MoveNext(CancellationToken.None);
            Assert.NotEqual("", await MovePlace.RowsAsync(app));
            var another = await ImportAsync(target, app, whole);
            Assert.Contains("Another export or import runs", another!.Status.Detail);
        }
        await Retry.Until("nothing is left", async () => await MovePlace.RowsAsync(app) == "");
    }

    [Fact]
    public async Task A_store_with_anything_in_it_is_left_as_it_is()
    {
        using var target = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        await ManyAsync();
        await using (var app = await target.ServeAsync())
            await app.RegisterAsync();
        await using var moving = await target.MoveAsync();
        var before = await MovePlace.RowsAsync(moving);
        Assert.Contains("is not empty, it has rows in users", (await target.CtlAsync(moving, "import", Export)).Sentence);
        Assert.Equal(before, await MovePlace.RowsAsync(moving));
    }

    [Fact]
    public async Task A_server_for_riders_is_neither_exported_nor_imported_into()
    {
        await ManyAsync();
        using var place = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        await using var app = await place.ServeAsync();
        foreach (var run in new[] { await place.CtlAsync(app, "export", Export + "2"), await place.CtlAsync(app, "import", Export), await place.CtlAsync(app, "reopen") })
        {
            Assert.Equal(1, run.ExitCode);
            Assert.Contains("serves riders: stop it, and start it with Charging:Store:Moving=true", run.Sentence);
        }
        Assert.Equal([Export], Directory.GetFiles(_directory.FullName));
    }

    [Fact]
    public async Task A_server_that_is_moved_sends_riders_piles_and_other_calls_away()
    {
        using var place = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        await using var app = await place.MoveAsync();
        Assert.Equal(5000, (await app.PostAsync("getPileStatus", new { body = new { deviceNo = "014441AC53" } }, "token")).Code);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await app.Http.GetAsync("/healthz")).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, (await app.Http.GetAsync("/readyz")).StatusCode);
        Assert.Contains("is started to be moved", (await place.CtlAsync(app, "piles", "list")).Sentence);
        using var pile = new TcpClient();
        Assert.Equal(0, await EndAsync(pile, app.Port("Mqtt")));
        var without = await Assert.ThrowsAsync<RpcException>(() => new MoveService.MoveServiceClient(app.Grpc).ReopenAsync(new ReopenRequest()).ResponseAsync);
        Assert.Equal(StatusCode.Unauthenticated, without.StatusCode);
        var marshaller = Marshallers.Create<byte[]>(it => it, it => it);
        var other = new Method<byte[], byte[]>(MethodType.ServerStreaming, "Charging.ops.v1.MoveService", "Export", marshaller, marshaller);
        using var spelled = app.Grpc.CreateCallInvoker().AsyncServerStreamingCall(other, null, default, []);
        Assert.Equal(StatusCode.Unimplemented, (await Assert.ThrowsAsync<RpcException>(() => spelled.ResponseStream.MoveNext(default))).StatusCode);

        static async Task<int> EndAsync(TcpClient client, int port)
        {
            try
            {
                await client.ConnectAsync("127.0.0.1", port);
                return await client.GetStream().ReadAsync(new byte[1]);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                return 0;
            }
        }
    }

    [Fact]
    public async Task A_database_is_either_served_or_moved()
    {
        using var place = await MovePlace.OpenAsync(StoreEngine.PostgreSql);
        await using (var moving = await place.MoveAsync())
        {
            var served = await Assert.ThrowsAsync<StoreOpenException>(() => place.ServeAsync());
            Assert.Contains("is being moved", served.Message);
        }
        await using var app = await place.ServeAsync();
        var moved = await Assert.ThrowsAsync<StoreOpenException>(() => place.MoveAsync());
        Assert.Contains("a node serves it", moved.Message);
    }

    [Fact]
    public async Task A_node_ends_with_what_its_start_would_say_when_its_store_was_moved_while_its_link_was_cut()
    {
        using var place = await MovePlace.OpenAsync(StoreEngine.PostgreSql);
        using var node = place.Launch();
        await node.ListeningAsync();
        await place.ExecuteAsync("""INSERT INTO store_moves (key, json, stamp) VALUES ('store', '{"state":"Moved","at":"2026-01-01T00:00:00+00:00"}', nextval('store_stamp'))""");
        await place.CutAsync();

        Assert.Equal(1, await node.EndAsync());
        Assert.Contains(node.Errors, line => line.StartsWith("This store was exported on 2026-01-01 00:00 UTC and lives on elsewhere", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_moves_does_nothing_more_once_nodes_may_serve()
    {
        using var place = await MovePlace.OpenAsync(StoreEngine.PostgreSql);
        await using (var served = await place.ServeAsync())
            await served.RegisterAsync();
        await using var moving = await place.MoveAsync();
        await place.CutAsync();

        Assert.Contains("was cut: stop this server", (await place.CtlAsync(moving, "export", Export)).Sentence);
        await using var again = await place.ServeAsync();
        Assert.Contains("was cut: stop this server", (await place.CtlAsync(moving, "reopen")).Sentence);
    }

    [Fact]
    public async Task Moving_is_for_admins()
    {
        using var place = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        string secret;
        await using (var app = await place.ServeAsync())
            secret = (await place.CtlAsync(app, "keys", "add", "money", "--role", "Finance", "--json")).Json.GetProperty("secret").GetString()!;
        await using var moving = await place.MoveAsync();
        var calls = new MoveService.MoveServiceClient(moving.CallingWith($"Bearer {secret}"));
        Func<Task>[] all =
        [
            () => calls.Export(new ExportRequest()).ResponseStream.MoveNext(default), () => calls.Import().ResponseStream.MoveNext(default),
            () => calls.MarkMovedAsync(new MarkMovedRequest()).ResponseAsync, () => calls.ReopenAsync(new ReopenRequest()).ResponseAsync,
        ];
        foreach (var call in all)
            Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
    }

    [Fact]
    public async Task A_move_that_is_given_up_is_taken_back_and_a_trial_closes_nothing()
    {
        using var place = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        await using (var app = await place.ServeAsync())
            await app.RegisterAsync();
        await using (var app = await place.MoveAsync())
            Assert.False((await place.CtlAsync(app, "export", Export, "--trial", "--json")).Json.GetProperty("closed").GetBoolean());
        await (await place.ServeAsync()).DisposeAsync();
        await using (var app = await place.MoveAsync())
            Assert.True((await place.CtlAsync(app, "export", Export, "--json")).Json.GetProperty("closed").GetBoolean());
        await Assert.ThrowsAsync<StartupException>(() => place.ServeAsync());
        await using (var app = await place.MoveAsync())
            Assert.Equal(0, (await place.CtlAsync(app, "reopen", "--reason", "no disk there")).ExitCode);
        await using var served = await place.ServeAsync();
        Assert.Matches("MoveService/Reopen +store:all +no disk there", (await place.CtlAsync(served, "audit", "list")).Output);
    }

    [Fact]
    public async Task What_was_imported_from_a_trial_is_served_by_nobody_until_the_true_export_replaces_it()
    {
        using var source = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        using var target = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        await using (var app = await source.ServeAsync())
            await app.RegisterAsync();
        await using (var app = await source.MoveAsync())
            Assert.Equal(0, (await source.CtlAsync(app, "export", Export, "--trial")).ExitCode);
        await using (var app = await target.MoveAsync())
        {
            Assert.Contains("It was a trial", (await target.CtlAsync(app, "import", Export)).Output);
            foreach (var run in new[] { await target.CtlAsync(app, "reopen"), await target.CtlAsync(app, "export", Export + "2") })
                Assert.Contains("is a trial", run.Sentence);
        }
        Assert.Contains("is a trial", (await Assert.ThrowsAsync<StartupException>(() => target.ServeAsync())).Message);

        await using (var app = await source.ServeAsync())
            await app.RegisterAsync();
        await using (var app = await source.MoveAsync())
            Assert.Equal(0, (await source.CtlAsync(app, "export", Export)).ExitCode);
        await using (var app = await target.MoveAsync())
            Assert.DoesNotContain("trial", (await target.CtlAsync(app, "import", Export)).Output);
        await using var served = await target.ServeAsync();
        Assert.Equal(2, await served.Services.GetRequiredService<IStore>().ScanAsync(AccountTables.Users.ByKey).CountAsync());
    }

    [Fact]
    public async Task An_export_whose_store_could_not_be_closed_says_that_the_file_is_whole()
    {
        using var place = await MovePlace.OpenAsync(StoreEngine.PostgreSql);
        await using (var served = await place.ServeAsync())
            await served.RegisterAsync();
        await place.ExecuteAsync("ALTER TABLE store_moves ADD CONSTRAINT nothing CHECK (false)");
        await using (var app = await place.MoveAsync())
        {
            app.ExpectError("PostgreSQL refuses what the store asks for");
            var sentence = (await place.CtlAsync(app, "export", Export)).Sentence;
            Assert.Contains("is whole, but the store could not be closed: PostgreSQL could not run the operation: it refuses what the store asks for. Export again", sentence);
            Assert.True(File.Exists(Export));
            await place.ExecuteAsync("ALTER TABLE store_moves DROP CONSTRAINT nothing");
            Assert.Equal(0, (await place.CtlAsync(app, "export", Export)).ExitCode);
        }
        await Assert.ThrowsAsync<StartupException>(() => place.ServeAsync());
    }

    [Fact]
    public async Task An_import_whose_answer_is_lost_says_how_to_see_whether_everything_is_there()
    {
        using var target = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        await ManyAsync();
        await using (var app = await target.MoveAsync(builder => builder.Services.Configure<GrpcServiceOptions>(grpc => grpc.Interceptors.Add<AnswerLost>())))
        {
            Assert.Contains("may be complete all the same", (await target.CtlAsync(app, "import", Export)).Sentence);
            Assert.Contains("is not empty", (await target.CtlAsync(app, "import", Export)).Sentence);
        }
        await using var served = await target.ServeAsync();
        Assert.Equal(5_000, await served.Services.GetRequiredService<IStore>().ScanAsync(AccountTables.Users.ByKey).CountAsync());
    }

    [Fact]
    public async Task A_store_that_has_nothing_is_not_exported()
    {
        using var place = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        await (await place.ServeAsync()).DisposeAsync();
        await using var app = await place.MoveAsync();
        Assert.Contains("This store is empty", (await place.CtlAsync(app, "export", Export)).Sentence);
    }

    [Fact]
    public async Task An_export_that_cannot_be_written_is_a_sentence_and_closes_nothing()
    {
        using var place = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        await using (var before = await place.ServeAsync())
            await before.RegisterAsync();
        await using (var app = await place.MoveAsync())
        {
            Assert.Contains("cannot be written", (await place.CtlAsync(app, "export", Path.Combine(_directory.FullName, "none", "file"))).Sentence);
            Directory.CreateDirectory(Export + ".part");
            Assert.Contains("cannot be written", (await place.CtlAsync(app, "export", Export)).Sentence);
        }
        await using var served = await place.ServeAsync();
    }

    [Fact]
    public async Task An_export_is_for_its_owners_eyes_whatever_was_there_before()
    {
        var others = Path.Combine(_directory.FullName, "others");
        await File.WriteAllTextAsync(others, "theirs");
        File.CreateSymbolicLink(Export + ".part", others);
        await ManyAsync();
        Assert.Equal("theirs", await File.ReadAllTextAsync(others));

        // A file that is just made is open to others.
        await File.WriteAllTextAsync(Export + ".part", "");
        await ManyAsync();
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Export));
    }

    /// <summary>An export of a server with 5,000 riders.</summary>
    private async Task<byte[]> ManyAsync()
    {
        using var source = await MovePlace.OpenAsync(StoreEngine.LiteDb);
        await using var app = await source.MoveAsync();
        var store = app.Services.GetRequiredService<IStore>();
        foreach (var ids in Enumerable.Range(1, 5_000).Chunk(200))
        {
            await store.RunAsync(tx =>
            {
                foreach (var id in ids)
                    tx.Put(AccountTables.Users, new Server.Accounts.User { Id = id, Phone = Phone.Parse($"{13_000_000_000 + id}", null), WxName = $"wx{id}", RegisteredAt = tx.Now });
                return ValueTask.FromResult(true);
            });
        }
        Assert.Equal(0, (await source.CtlAsync(app, "export", Export)).ExitCode);
        return await File.ReadAllBytesAsync(Export);
    }

    /// <summary>Cuts the connection in place of the last answer of an import.</summary>
    private sealed class AnswerLost : Interceptor
    {
        public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
            IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
            continuation(requestStream, new Writer<TResponse>(responseStream, context), context);

        private sealed class Writer<T>(IServerStreamWriter<T> writer, ServerCallContext context) : IServerStreamWriter<T>
        {
            public WriteOptions? WriteOptions { get; set; }

            public Task WriteAsync(T message)
            {
                if (message is not ImportResponse { Imported: not null })
                    return writer.WriteAsync(message);
                context.GetHttpContext().Abort();
                return Task.CompletedTask;
            }

            public Task WriteAsync(T message, CancellationToken cancellationToken) => WriteAsync(message);
        }
    }

    private static string Signed(string lines) => $"{lines}sha256 {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(lines)))}\n";

    /// <summary>Imports without chargectl, which looks at the file first.</summary>
    private static async Task<RpcException?> ImportAsync(MovePlace place, ChargingApp app, byte[] export)
    {
        using var call = new MoveService.MoveServiceClient(place.Calls(app.Grpc)).Import();
        try
        {
            foreach (var part in export.Chunk(100_000))
                await call.RequestStream.WriteAsync(new ImportRequest { Part = ByteString.CopyFrom(part) });
            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException)
        {
            // It was refused meanwhile.
        }
        try
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
            }
            return null;
        }
        catch (RpcException e)
        {
            return e;
        }
    }
}
