using System.Globalization;
using System.Net;
using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Clock;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Charging.Testing;

/// <summary>How an app under test differs from the usual one.</summary>
public sealed record ChargingAppOptions
{
    /// <summary>The clock; the machine's by default.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How <see cref="ChargingApp.PostAsync"/> calls.</summary>
    public Transport Transport { get; init; }

    /// <summary>Settings as on the command line: `--Charging:Codes:Lifetime=00:01:00`.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Whether the server sends SMS as its settings say, and not to <see cref="ChargingApp.Sms"/>.</summary>
    public bool SmsBySettings { get; init; }

    /// <summary>The broker of the piles; the server's own by default.</summary>
    public MosquittoServer? Broker { get; init; }

    /// <summary>Whether the settings name a broker that is not there.</summary>
    public bool HasNoBroker { get; init; }

    /// <summary>The store's settings, for nodes that share one; one of its own by default.</summary>
    public IReadOnlyList<string>? Store { get; init; }

    /// <summary>Replaces services before the server is built.</summary>
    public Action<WebApplicationBuilder>? Configure { get; init; }
}

/// <summary>
/// The whole server in this process, on real ports and real files that are its own, with verbs for what users do.
/// Disposing it fails the test when the server logged an error that the test did not declare.
/// </summary>
public sealed class ChargingApp : IAsyncDisposable
{
    /// <summary>
    /// Settings for what no honest small operator sees: a test that registers more than twenty riders in a minute, or tries wrong codes
    /// by the hundred. All other tests run with the defaults.
    /// </summary>
    public static readonly string[] ManyRiders =
    [
        "--Charging:Codes:MaxSmsPerMinute=1000000", "--Charging:Codes:MaxFailuresPerPhone=1000000", "--Charging:Codes:MaxFailuresPerMinute=1000000",
    ];

    private static int _phones;
    private static int _devices = 0x1000;

    private readonly ChargingAppOptions _options;
    private readonly string _directory = Directory.CreateTempSubdirectory("charging-").FullName;
    private readonly List<SimulatedPile> _piles = [];

    // Kept over a restart, so that piles and browsers find the server again.
    private readonly int _mqttPort = FixedPort.Take();
    private readonly int _httpPort = FixedPort.Take();

    private IReadOnlyList<string> _storeSettings = [];
    private WebApplication? _app;
    private HttpClient? _http;
    private GrpcChannel? _grpc;

    private ChargingApp(ChargingAppOptions options) => _options = options;

    /// <summary>The SMS provider.</summary>
    public FakeSms Sms { get; } = new();

    /// <summary>The payment provider.</summary>
    public SandboxPaymentProvider Provider => Services.GetRequiredService<SandboxPaymentProvider>();

    /// <summary>What the server logs.</summary>
    public LogCapture Log { get; } = new();

    /// <summary>The folder of the data file.</summary>
    public string DataDirectory => _directory;

    /// <summary>The server's services.</summary>
    public IServiceProvider Services => Running.Services;

    /// <summary>A client of the JSON port.</summary>
    public HttpClient Http => _http ?? throw new InvalidOperationException("The app is not running.");

    /// <summary>A channel to the gRPC port.</summary>
    public GrpcChannel Grpc => _grpc ?? throw new InvalidOperationException("The app is not running.");

    private WebApplication Running => _app ?? throw new InvalidOperationException("The app is not running.");

    /// <summary>Starts an app.</summary>
    public static async Task<ChargingApp> StartAsync(ChargingAppOptions? options = null)
    {
        var app = new ChargingApp(options ?? new ChargingAppOptions()) { _storeSettings = options?.Store ?? await TestStore.SettingsAsync() };
        try
        {
            await app.StartServerAsync();
            return app;
        }
        catch
        {
            await app.StopServerAsync();
            Directory.Delete(app._directory, recursive: true);
            throw;
        }
    }

    /// <summary>Starts an app that is called in a certain way.</summary>
    public static Task<ChargingApp> StartAsync(Transport transport) => StartAsync(new ChargingAppOptions { Transport = transport });

    /// <summary>A phone that nobody has used.</summary>
    public static string NewPhone() => (13_000_000_000 + Interlocked.Increment(ref _phones)).ToString(CultureInfo.InvariantCulture);

    /// <summary>A device number that nobody has used.</summary>
    public static string NewDeviceNo() => Interlocked.Increment(ref _devices).ToString("X10", CultureInfo.InvariantCulture);

    /// <summary>The port of `Http`, `Grpc` or `Mqtt`.</summary>
    public int Port(string endpoint) => Services.GetRequiredService<Listeners>().Port(endpoint);

    /// <summary>The port that piles connect to.</summary>
    public int PilePort => _options.Broker?.PilePort ?? Port("Mqtt");

    /// <summary>Declares that the server will log an error that contains a text.</summary>
    public void ExpectError(string text) => Log.Expect(text);

    /// <summary>Calls a route and insists on the envelope.</summary>
    /// <param name="route">For example `getPileStatus`.</param>
    /// <param name="body">JSON text, or an object that is written as JSON; null is `{}`.</param>
    /// <param name="token">What goes into `Authorization`.</param>
    public Task<Answer> PostAsync(string route, object? body = null, string? token = null) => _options.Transport == Transport.Json
        ? Calling.OverJsonAsync(Http, route, Calling.ToText(body), token)
        : Calling.OverGrpcAsync(Grpc, route, Calling.ToText(body), token);

    /// <summary>Asks for a code.</summary>
    public Task<Answer> SendCodeAsync(string phone, string codeType) =>
        PostAsync("sendValidateCode", new { body = new { phone, codeType } });

    /// <summary>The newest code that a phone was sent.</summary>
    public string CodeFor(string phone) => Sms.CodesFor(phone).Last();

    /// <summary>Registers a rider, with a code and all.</summary>
    public async Task<Rider> RegisterAsync(string? phone = null, string? wxname = null)
    {
        phone ??= NewPhone();
        await SendCodeAsync(phone, "register");
        var answer = await PostAsync("register", new { body = new { phone, code = CodeFor(phone), wxname = wxname ?? $"wx{phone}" } });
        return new Rider(this, phone, answer.Data?.GetString() ?? throw new InvalidOperationException($"{phone} was not registered: {answer.Text}"));
    }

    /// <summary>Registers a pile, connects it, and waits until the server takes it for online and has told it the time.</summary>
    /// <param name="options">What kind of pile; number, secret, port and clock are put in here.</param>
    /// <param name="deviceNo">Its number; a new one by default.</param>
    /// <param name="plugNumbers">How its plugs are written.</param>
    public async Task<SimulatedPile> AddPileAsync(
        SimulatedPileOptions? options = null, string? deviceNo = null, PlugNumbers plugNumbers = PlugNumbers.Decimal)
    {
        deviceNo ??= NewDeviceNo();
        options ??= new SimulatedPileOptions { DeviceNo = "", Secret = "" };
        var pile = new SimulatedPile(options with
        {
            DeviceNo = deviceNo,
            Secret = await RegisterPileAsync(deviceNo, options.PlugCount, plugNumbers),
            Port = PilePort,
            TimeProvider = _options.Clock,
        });
        _piles.Add(pile);
        await pile.StartAsync();
        await WaitUntilOnlineAsync(pile);
        return pile;
    }

    /// <summary>Registers a pile, where it will be let in.</summary>
    /// <returns>Its secret.</returns>
    public async Task<string> RegisterPileAsync(string deviceNo, int plugCount = 10, PlugNumbers plugNumbers = PlugNumbers.Decimal)
    {
        var secret = await Services.GetRequiredService<PileAdmin>().RegisterAsync(DeviceNo.Parse(deviceNo), plugCount, plugNumbers);
        await ExportAsync();
        return secret ?? throw new InvalidOperationException($"{deviceNo} has a secret already.");
    }

    /// <summary>Tells Mosquitto, where it is the broker, who is let in.</summary>
    public Task ExportAsync() => _options.Broker?.LetInAsync(Services.GetRequiredService<MqttExport>().Passwords) ?? Task.CompletedTask;

    /// <summary>Waits until the server takes a pile for online and has told it the time.</summary>
    public Task WaitUntilOnlineAsync(SimulatedPile pile) => Retry.Until(
        $"{pile.Options.DeviceNo} is online",
        () => pile.IsClockSet && Services.GetRequiredService<Board>().IsOnline(DeviceNo.Parse(pile.Options.DeviceNo)));

    /// <summary>Moves the fake clock in steps until something has happened.</summary>
    /// <param name="reason">What is waited for, in words.</param>
    /// <param name="condition">The condition.</param>
    /// <param name="step">How far each time; a quarter of a second by default.</param>
    public Task AdvanceUntil(string reason, Func<bool> condition, TimeSpan? step = null) => Retry.Until(reason, async () =>
    {
        if (condition())
            return true;
        ((FakeTimeProvider)_options.Clock).Advance(step ?? TimeSpan.FromSeconds(0.25));
        await FollowAsync();
        return false;
    });

    /// <summary>
    /// Leads what a step of the clock has made due through the store, or on a busy machine the clock runs ahead of the work
    /// and every time-out strikes: lease, act, record.
    /// </summary>
    public async Task FollowAsync()
    {
        for (var i = 0; i < 3; i++)
            await Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(AccountTables.Users, AccountTables.Key(1)));
    }

    /// <summary>Stops the server, as SIGTERM does.</summary>
    public Task StopAsync() => StopServerAsync();

    /// <summary>Stops the server and starts it again on the same data and the same ports for HTTP and piles, which connect again by themselves.</summary>
    public async Task RestartAsync()
    {
        await StopServerAsync();
        await StartServerAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var pile in _piles)
            await pile.DisposeAsync();
        await StopServerAsync();
        Directory.Delete(_directory, recursive: true);
        Log.Verify();
    }

    private async Task StartServerAsync()
    {
        _app = Program.Build(
            [
                "--environment=Development",
                $"--Charging:DataDirectory={_directory}",
                $"--Kestrel:Endpoints:Http:Url=http://127.0.0.1:{_httpPort}",
                "--Kestrel:Endpoints:Grpc:Url=http://127.0.0.1:0",
                "--Charging:Demo:Enabled=false",
                .. BrokerSettings(),
                .. _storeSettings,
                .. _options.Settings,
            ],
            Configure);
        await _app.StartAsync();
        _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = new Uri($"http://127.0.0.1:{Port("Http")}") };
        _grpc = GrpcChannel.ForAddress($"http://127.0.0.1:{Port("Grpc")}", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true },
            DisposeHttpClient = true,
        });
    }

    private bool HasOwnBroker => _options is { Broker: null, HasNoBroker: false };

    private IReadOnlyList<string> BrokerSettings() =>
        HasOwnBroker ? [$"--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:{_mqttPort}"] : _options.Broker?.Settings ?? [];

    private void Configure(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders().AddProvider(Log);
        builder.Services.AddSingleton(_options.Clock);
        builder.Services.AddSingleton(services => new ClockWatch(_options.Clock, services.GetRequiredService<ILogger<ClockWatch>>())
        {
            LooksEachSecond = _options.Clock == TimeProvider.System,
        });
        if (!_options.SmsBySettings)
            builder.Services.AddSingleton<ISmsSender>(Sms);
        _options.Configure?.Invoke(builder);
    }

    private async Task StopServerAsync()
    {
        _http?.Dispose();
        _grpc?.Dispose();
        if (_app is null)
            return;
        await _app.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }
}
