using System.Collections.Concurrent;
using System.Text.Json;
using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Charging.Reliability.Floods;

/// <summary>What a server says of itself.</summary>
/// <param name="MemoryBytes">What its process has in memory when nothing is left to collect.</param>
/// <param name="Rows">Rows of each table.</param>
/// <param name="Limited">How often each limit has refused something.</param>
/// <param name="Logged">Each limit that the log names.</param>
/// <param name="Errors">What it logged as errors.</param>
internal sealed record ServerState(
    long MemoryBytes, Dictionary<string, long> Rows, Dictionary<string, long> Limited, IReadOnlyList<string> Logged, IReadOnlyList<string> Errors);

/// <summary>The ports of a server.</summary>
internal sealed record ServerPorts(int Http, int Mqtt);

/// <summary>The server with default limits in a process of its own, which answers questions until its input ends.</summary>
internal static class FloodServer
{
    public static async Task<int> RunAsync(string directory, string[] settings)
    {
        using var log = new FloodLog();
        using var limited = new LabelCounts("charging.limited");
        await using var app = Program.Build(
            [
                "--environment=Development",
                $"--Charging:DataDirectory={directory}",
                "--Charging:Demo:Enabled=false",
                // The address of a caller is what the proxy says.
                "--Charging:TrustedProxies:0=127.0.0.1",
                "--Kestrel:Endpoints:Http:Url=http://127.0.0.1:0",
                "--Kestrel:Endpoints:Grpc:Url=http://127.0.0.1:0",
                "--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:0",
                .. settings,
            ],
            builder =>
            {
                builder.Logging.ClearProviders().AddProvider(log);
                builder.Services.AddSingleton<ISmsSender>(new NoSms());
            });
        await app.StartAsync();
        var listeners = app.Services.GetRequiredService<Listeners>();
        Console.WriteLine(JsonSerializer.Serialize(new ServerPorts(listeners.Port("Http"), listeners.Port("Mqtt"))));
        while (await Console.In.ReadLineAsync() is { } question)
            Console.WriteLine(await AnswerAsync(app, log, limited, question.Split(' ')));
        await app.StopAsync();
        return 0;
    }

    private static async Task<string> AnswerAsync(WebApplication app, FloodLog log, LabelCounts limited, string[] question)
    {
        switch (question)
        {
            case ["state"]:
                return JsonSerializer.Serialize(new ServerState(Memory(), await RowsAsync(app), limited.Counts, log.Limits, log.Errors));
            case ["rider", var phone]:
                return await RiderAsync(app, phone);
            case ["pile", var device]:
                return await app.Services.GetRequiredService<PileAdmin>().RegisterAsync(DeviceNo.Parse(device), 10, PlugNumbers.Decimal) ?? "";
            case ["sandbox", var mode]:
                app.Services.GetRequiredService<SandboxPaymentProvider>().Mode = Enum.Parse<SandboxMode>(mode);
                return mode;
            default:
                throw new ArgumentException($"The load asks for '{string.Join(' ', question)}'.", nameof(question));
        }
    }

    private static Task<string> RiderAsync(WebApplication app, string phone) => app.Services.GetRequiredService<IStore>().RunAsync(async tx =>
    {
        var user = new User { Id = await tx.NextNumberAsync("users"), Phone = Phone.Parse(phone), WxName = $"wx{phone}", RegisteredAt = tx.Now };
        tx.Put(AccountTables.Users, user);
        return Tokens.Issue(tx, user.Id);
    });

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

    private static async Task<Dictionary<string, long>> RowsAsync(WebApplication app)
    {
        var store = app.Services.GetRequiredService<IStore>();
        var rows = new Dictionary<string, long>();
        foreach (var table in Tables.All)
        {
            var from = "";
            while (await store.RunAsync(tx => table.ListAsync(tx, from)) is { Count: > 0 } slice)
            {
                rows[table.Name] = rows.GetValueOrDefault(table.Name) + slice.Count;
                from = table.KeyOf(slice[^1]) + " ";
            }
        }
        return rows;
    }

    private sealed class NoSms : ISmsSender
    {
        public Task<SmsOutcome> SendAsync(Phone phone, string code) => Task.FromResult(SmsOutcome.Sent);
    }
}

/// <summary>Keeps what is logged of limits and of errors.</summary>
internal sealed class FloodLog : ILoggerProvider, ILogger
{
    private const int MaxErrors = 20;

    private readonly ConcurrentDictionary<string, bool> _limits = new();
    private readonly ConcurrentQueue<string> _errors = new();

    /// <summary>Each limit that a line names.</summary>
    public IReadOnlyList<string> Limits => [.. _limits.Keys];

    public IReadOnlyList<string> Errors => [.. _errors];

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Error && _errors.Count < MaxErrors)
            _errors.Enqueue($"{formatter(state, exception)} {exception?.Message}");
        if (state is IEnumerable<KeyValuePair<string, object?>> values && values.FirstOrDefault(value => value.Key == "Limit").Value is string limit)
            _limits[limit] = true;
    }
}
