using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Charging.Bench;

/// <summary>The real server in the process that <see cref="ServerProcess"/> starts: it says what the load needs to know, and then answers questions until its input ends.</summary>
internal static class ServerHost
{
    // What the store lets wait at once is more.
    private const int Slice = 1000;

    public static async Task<int> RunAsync(string[] args)
    {
        var (directory, riders, piles) = (args[0], Number(args[1]), Number(args[2]));
        await using var app = Program.Build(
            [
                "--environment=Development",
                $"--Charging:DataDirectory={directory}",
                "--Charging:Demo:Enabled=false",
                // A yuan is used up in a minute: of a charge that ends at once, the server believes no more.
                "--Charging:Orders:PricePerHourFen=6000",
                // One rider has a plug for all of the run.
                "--Charging:Orders:MaxStartsPerPlugAndHour=1000000",
                "--Charging:Mqtt:PacketsPerSecond=1000000",
                "--Charging:Mqtt:PacketBurst=1000000",
                "--Kestrel:Endpoints:Http:Url=http://127.0.0.1:0",
                "--Kestrel:Endpoints:Grpc:Url=http://127.0.0.1:0",
                .. args.Contains("--Charging:Mqtt:Mode=External") ? (string[])[] : ["--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:0"],
                .. args[3..],
            ],
            builder => builder.Logging.ClearProviders());
        var bare = new { success = true, code = 200, message = "成功", data = new { deviceNo = "0000000000", status = 1, plugs = new int[10] } };
        app.MapPost("/bare", new Func<object>(() => bare));
        await app.StartAsync();
        var listeners = app.Services.GetRequiredService<Listeners>();
        // Of an external broker whoever has started it knows the port.
        var mqtt = listeners.Names.Contains("Mqtt") ? listeners.Port("Mqtt") : 0;
        var facts = new ServerFacts(listeners.Port("Http"), mqtt, await RidersAsync(app, riders), await PilesAsync(app, piles));
        Console.WriteLine(JsonSerializer.Serialize(facts));
        while (await Console.In.ReadLineAsync() is { } question)
            Console.WriteLine(await AnswerAsync(app, question.Split(' ')));
        return 0;
    }

    private static async Task<string> AnswerAsync(WebApplication app, string[] question) => question switch
    {
        ["memory"] => $"{Memory()}",
        ["ask", var device, var count] => await AskPileAsync(app, DeviceNo.Parse(device), Number(count)),
        _ => throw new ArgumentException($"The load asks for '{question[0]}'.", nameof(question)),
    };

    private static long Memory()
    {
        // Twice: what has a finalizer is left over by the first.
        for (var i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        return Environment.WorkingSet;
    }

    /// <summary>Sends a command that touches no disk, one after the other, and tells how long each took up to its result, in milliseconds.</summary>
    private static async Task<string> AskPileAsync(WebApplication app, DeviceNo device, int count)
    {
        var results = app.Services.GetRequiredService<PileResults>();
        var taken = new List<double>();
        for (var i = 0; i < count; i++)
        {
            var began = Stopwatch.GetTimestamp();
            var (_, answer) = await results.AskAsync(device, "report", new Command { ReportStatus = new ReportStatus() }, CancellationToken.None);
            if (answer is null)
                throw new InvalidOperationException($"Pile {device} did not answer.");
            taken.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        return JsonSerializer.Serialize(taken);
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
        foreach (var slice in Enumerable.Range(0, count).Select(pile => pile.ToString("X10", CultureInfo.InvariantCulture)).Chunk(Slice))
        {
            var made = await Task.WhenAll(slice.Select(device => admin.RegisterAsync(DeviceNo.Parse(device), OrderLoad.PlugsOfAPile, PlugNumbers.Decimal)));
            foreach (var (device, secret) in slice.Zip(made))
                secrets[device] = secret!;
        }
        return secrets;
    }
}
