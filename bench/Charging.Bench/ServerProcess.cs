using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Charging.Bench;

/// <summary>What the load needs to know of the server: its ports, a token for each rider, a secret for each pile.</summary>
internal sealed record ServerFacts(int HttpPort, int MqttPort, string[] Tokens, Dictionary<string, string> Piles);

/// <summary>The real server as a process of its own, with riders and piles in it.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _directory;

    private ServerProcess(Process process, string directory, ServerFacts facts)
    {
        _process = process;
        _directory = directory;
        Facts = facts;
    }

    /// <summary>What the load needs to know.</summary>
    public ServerFacts Facts { get; }

    /// <summary>Starts a server.</summary>
    public static async Task<ServerProcess> StartAsync(int riders, int piles, params string[] settings)
    {
        var directory = Directory.CreateTempSubdirectory("charging-bench-").FullName;
        var process = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath!, ["server", directory, $"{riders}", $"{piles}", .. settings])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        })!;
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server did not start.");
        return new ServerProcess(process, directory, JsonSerializer.Deserialize<ServerFacts>(line)!);
    }

    /// <summary>The process itself.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var (directory, riders, piles) = (args[0], Number(args[1]), Number(args[2]));
        await using var app = Program.Build(
            [
                "--environment=Development",
                $"--Charging:DataDirectory={directory}",
                "--Charging:Demo:Enabled=false",
                "--Charging:Mqtt:PacketsPerSecond=1000000",
                "--Charging:Mqtt:PacketBurst=1000000",
                "--Kestrel:Endpoints:Http:Url=http://127.0.0.1:0",
                "--Kestrel:Endpoints:Grpc:Url=http://127.0.0.1:0",
                "--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:0",
                .. args[3..],
            ],
            builder => builder.Logging.ClearProviders());
        var bare = new { success = true, code = 200, message = "成功", data = new { deviceNo = "0000000000", status = 1, plugs = new int[10] } };
        app.MapPost("/bare", new Func<object>(() => bare));
        await app.StartAsync();
        var listeners = app.Services.GetRequiredService<Listeners>();
        var facts = new ServerFacts(listeners.Port("Http"), listeners.Port("Mqtt"), await RidersAsync(app, riders), await PilesAsync(app, piles));
        Console.WriteLine(JsonSerializer.Serialize(facts));
        await Console.In.ReadLineAsync();
        return 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static Task<string[]> RidersAsync(WebApplication app, int count)
    {
        var store = app.Services.GetRequiredService<IStore>();
        return Task.WhenAll(Enumerable.Range(0, count).Select(rider => store.RunAsync(async tx =>
        {
            var user = new User
            {
                Id = await tx.NextNumberAsync("users"),
                Phone = Phone.Parse($"139{rider:D8}"),
                WxName = $"rider{rider}",
                RegisteredAt = tx.Now,
            };
            tx.Put(AccountTables.Users, user);
            return Tokens.Issue(tx, user.Id);
        })));
    }

    private static async Task<Dictionary<string, string>> PilesAsync(WebApplication app, int count)
    {
        var admin = app.Services.GetRequiredService<PileAdmin>();
        var secrets = new Dictionary<string, string>();
        foreach (var device in Enumerable.Range(0, count).Select(pile => pile.ToString("X10", CultureInfo.InvariantCulture)))
            secrets[device] = (await admin.RegisterAsync(DeviceNo.Parse(device), 10, PlugNumbers.Decimal))!;
        return secrets;
    }
}
