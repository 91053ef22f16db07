using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Charging.Ops.V1;
using Charging.Server.Moving;
using Charging.Server.Operations;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Charging.Testing;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Charging.Client.Cli.Tests;

/// <summary>A place where a store lies, on either engine: servers are started there, for riders or to be moved.</summary>
internal sealed partial class MovePlace : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("charging-move-");
    private readonly IReadOnlyList<string> _store;

    private MovePlace(IReadOnlyList<string> store) => _store = store;

    public static async Task<MovePlace> OpenAsync(StoreEngine engine) => new(
        engine == StoreEngine.PostgreSql ? TestStore.On(await (await PostgresServer.SharedAsync()).NewDatabaseAsync()) : ["--Charging:Store:Engine=LiteDb"]);

    private string[] Settings => [$"--Charging:DataDirectory={_directory.FullName}", .. _store];

    private string KeyFile => Path.Combine(_directory.FullName, OperatorKeyFile.Name);

    /// <summary>A server for riders.</summary>
    public Task<ChargingApp> ServeAsync(int mqttPort = 0) => ChargingApp.StartAsync(
        new ChargingAppOptions { Settings = [.. Settings, $"--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:{mqttPort}"] });

    /// <summary>A server that is there to be moved.</summary>
    public Task<ChargingApp> MoveAsync(Action<WebApplicationBuilder>? configure = null) =>
        ChargingApp.StartAsync(new ChargingAppOptions { Settings = [.. Settings, "--Charging:Store:Moving=true"], Configure = configure });

    /// <summary>A server for riders, as a process of its own.</summary>
    public ServerProcess Launch() => ServerProcess.Launch(_directory.FullName, [.. _store, "--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:0"]);

    /// <summary>Runs a statement in the place's database.</summary>
    public async Task ExecuteAsync(string statement)
    {
        await using var connection = new NpgsqlConnection(_store.Single(setting => setting.Contains("ConnectionString")).Split('=', 2)[1] + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Adds a table as a later version of the server would.</summary>
    public async Task AddNewerTableAsync()
    {
        if (_store.Any(setting => setting.Contains("ConnectionString")))
        {
            await ExecuteAsync("CREATE TABLE vouchers (key text PRIMARY KEY, json json NOT NULL, stamp bigint NOT NULL); CREATE TABLE of_a_report (key text, n int)");
            return;
        }
        var vouchers = new Table<MoveMark>("vouchers", StoreJson.Default.MoveMark, _ => "one");
        await using var newer = new LiteDbStore(_directory.FullName, [vouchers], Tables.Migrations, [], TimeProvider.System, new LiteDbOptions(), NullLogger<LiteDbStore>.Instance);
        await newer.RunAsync(tx =>
        {
            tx.Put(vouchers, new MoveMark { State = MoveState.Moved, At = tx.Now });
            return ValueTask.FromResult(true);
        });
    }

    /// <summary>Cuts the connections by which servers are known to serve the place's database, or to move it.</summary>
    public Task CutAsync() => ExecuteAsync(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND objid = 553689473 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");

    /// <summary>Runs chargectl against a server of this place.</summary>
    public Task<CtlRun> CtlAsync(ChargingApp app, params string[] args) => Ctl.RunAsync([.. args, "--address", app.Address(), "--key-file", KeyFile]);

    /// <summary>Calls a server of this place as its operator.</summary>
    public CallInvoker Calls(GrpcChannel channel) => channel.Intercept(headers =>
    {
        headers.Add("authorization", $"Bearer {File.ReadAllText(KeyFile).Trim()}");
        return headers;
    });

    /// <summary>Every row as it is written, but for the key that is this place's own.</summary>
    public static async Task<string> RowsAsync(ChargingApp app)
    {
        var (store, text) = (app.Services.GetRequiredService<IStore>(), new StringBuilder());
        foreach (var table in Tables.All)
        {
            for (var from = ""; await store.RunAsync(tx => table.ListAsync(tx, from)) is { Count: > 0 } slice; from = table.KeyOf(slice[^1]) + " ")
            {
                foreach (var row in slice.Where(row => row is not OperatorKey { Id: "file" }))
                    text.Append(table.Name).Append(' ').AppendLine(Encoding.UTF8.GetString(table.Write(row)));
            }
        }
        return text.ToString();
    }

    /// <summary>Begins an import in a process of its own and kills it before the end.</summary>
    public async Task BeginAndKillAsync(byte[] export)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(IStore).Assembly.Location, "--environment=Development", "--Charging:Store:Moving=true", .. Settings,
            "--Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "--Kestrel:Endpoints:Grpc:Url=http://127.0.0.1:0", "--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:0"])
        { RedirectStandardOutput = true };
        using var server = Process.Start(start)!;
        var port = "";
        while (port.Length == 0 && await server.StandardOutput.ReadLineAsync() is { } line)
            port = GrpcPort().Match(line).Groups[1].Value;
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
        using var call = new MoveService.MoveServiceClient(Calls(channel)).Import();
        for (var at = 0; at < export.Length / 2; at += 100_000)
            await call.RequestStream.WriteAsync(new ImportRequest { Part = Google.Protobuf.ByteString.CopyFrom(export.AsSpan(at, Math.Min(100_000, (export.Length / 2) - at))) });
        await call.ResponseStream.MoveNext(CancellationToken.None);
        server.Kill();
        await server.WaitForExitAsync();
    }

    public void Dispose() => _directory.Delete(recursive: true);

    [GeneratedRegex(@"Grpc on http://127\.0\.0\.1:(\d+)")]
    private static partial Regex GrpcPort();
}
