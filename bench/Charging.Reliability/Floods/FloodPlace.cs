using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Charging.PileSimulator;
using Charging.Server.Operations;
using Charging.Server.Storage;
using Charging.Testing;
using Npgsql;

namespace Charging.Reliability.Floods;

/// <summary>A server in a process of its own, honest riders and piles, and one who is about to do as much as possible.</summary>
internal sealed class FloodPlace : IAsyncDisposable
{
    /// <summary>Honest riders.</summary>
    public const int HonestRiders = 4;

    private readonly string _directory = Directory.CreateTempSubdirectory("charging-flood-").FullName;
    private readonly List<SimulatedPile> _piles = [];
    private string? _database;
    private Process? _process;
    private ServerPorts _ports = new(0, 0);

    /// <summary>What everybody calls with.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <summary>The port for piles.</summary>
    public int MqttPort => _ports.Mqtt;

    /// <summary>A pile that only honest riders use.</summary>
    public string HonestPile { get; private set; } = "";

    /// <summary>A pile for the one.</summary>
    public string Pile { get; private set; } = "";

    /// <summary>The tokens of the honest riders.</summary>
    public IReadOnlyList<string> Tokens { get; private set; } = [];

    public static async Task<FloodPlace> OpenAsync(StoreEngine engine)
    {
        var place = new FloodPlace();
        if (engine == StoreEngine.PostgreSql)
            place._database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await place.StartAsync();
        place.HonestPile = await place.AddPileAsync("00000000F0");
        place.Pile = await place.AddPileAsync("00000000F1");
        var tokens = new List<string>();
        for (var rider = 0; rider < HonestRiders; rider++)
            tokens.Add(await place.AddRiderAsync(HonestPhone(rider)));
        place.Tokens = tokens;
        return place;
    }

    /// <summary>The phone of an honest rider.</summary>
    public static string HonestPhone(int rider) => $"1390000000{rider}";

    /// <summary>Makes a rider.</summary>
    /// <returns>The token.</returns>
    public Task<string> AddRiderAsync(string phone) => AskAsync($"rider {phone}");

    /// <summary>Asks the server for something that is not asked over the wire.</summary>
    public async Task<string> AskAsync(string question)
    {
        await _process!.StandardInput.WriteLineAsync(question);
        return await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server has ended.");
    }

    public async Task<ServerState> StateAsync() => JsonSerializer.Deserialize<ServerState>(await AskAsync("state"))!;

    /// <summary>What the store takes on the disk, in bytes.</summary>
    public async Task<long> StoreBytesAsync()
    {
        if (_database is null)
            return new DirectoryInfo(_directory).EnumerateFiles("*.db*").Sum(file => file.Length);
        await using var connection = new NpgsqlConnection(_database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables", connection);
        return (long)(decimal)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The admin's key.</summary>
    public string AdminKey() => File.ReadAllText(Path.Combine(_directory, OperatorKeyFile.Name)).Trim();

    /// <summary>Calls a route from an address.</summary>
    public async Task<Answer> PostAsync(string address, string route, object body, string? token)
    {
        using var request = Request(HttpMethod.Post, Routes.Prefix + route, address, body);
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", token);
        using var response = await Http.SendAsync(request);
        return Answer.Parse(await response.Content.ReadAsStringAsync());
    }

    /// <summary>Calls anything that HTTP serves, and reads it to its end.</summary>
    /// <returns>The status, and the text.</returns>
    public async Task<(int Status, string Text)> SendAsync(HttpMethod method, string path, string address, object? body = null, string? key = null)
    {
        using var request = Request(method, path, address, body);
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await Http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pile in _piles)
            await pile.DisposeAsync();
        Http?.Dispose();
        if (_process is not null)
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(TimeSpan.FromMinutes(1)))
                _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
        Directory.Delete(_directory, recursive: true);
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, string address, object? body)
    {
        var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", address);
        return request;
    }

    private async Task StartAsync()
    {
        string[] args = [Path.Combine(AppContext.BaseDirectory, "Charging.Reliability.dll"), "flooded", _directory, .. _database is null ? [] : TestStore.On(_database)];
        _process = Process.Start(new ProcessStartInfo("dotnet", args) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server did not start.");
        _ports = JsonSerializer.Deserialize<ServerPorts>(line)!;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_ports.Http}"), Timeout = TimeSpan.FromMinutes(1) };
    }

    private async Task<string> AddPileAsync(string device)
    {
        var pile = new SimulatedPile(new SimulatedPileOptions
        {
            DeviceNo = device,
            Secret = await AskAsync($"pile {device}"),
            Port = MqttPort,
            NextVehicleAfter = TimeSpan.FromMilliseconds(100),
        });
        _piles.Add(pile);
        await pile.StartAsync();
        await Retry.Until($"{device} knows the time", () => pile.IsClockSet);
        return device;
    }
}
