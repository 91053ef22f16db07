using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Charging.Device.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Charging.MqttBroker.Tests;

/// <summary>A broker on a port of its own, with verbs.</summary>
internal sealed class BrokerUnderTest : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ErrorLog _errors = new();
    private readonly MeterListener _meters = new();
    private readonly ConcurrentDictionary<string, long> _counts = new();

    private BrokerUnderTest(WebApplication app, ErrorLog errors)
    {
        _app = app;
        _errors = errors;
        Port = new Uri(app.Urls.Single()).Port;
        Link = app.Services.GetRequiredService<IPileLink>();
        Listener = (TestListener)app.Services.GetRequiredService<IPileListener>();
        var factory = app.Services.GetRequiredService<IMeterFactory>();
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == BrokerMetrics.MeterName && ReferenceEquals(instrument.Meter.Scope, factory))
                listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            _counts.AddOrUpdate(tags.Length > 0 ? $"{instrument.Name}:{tags[0].Value}" : instrument.Name, value, (_, old) => old + value));
        _meters.Start();
    }

    public int Port { get; }

    public IPileLink Link { get; }

    public TestListener Listener { get; }

    /// <summary>Faults that the test means to cause. Any other error in the log fails the test.</summary>
    public int ExpectedErrors { get; set; }

    public static Task<BrokerUnderTest> StartAsync(params (string Name, string Value)[] settings) => StartAsync(TimeProvider.System, settings);

    public static async Task<BrokerUnderTest> StartAsync(TimeProvider clock, params (string Name, string Value)[] settings)
    {
        var errors = new ErrorLog();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["Kestrel:Endpoints:Mqtt:Url"] = "http://127.0.0.1:0";
        foreach (var (name, value) in settings)
            builder.Configuration[name] = value;
        builder.Logging.ClearProviders().AddProvider(errors);
        builder.Services.AddSingleton(clock);
        builder.Services.AddSingleton<IPileListener>(new TestListener());
        builder.Services.AddPileBroker(builder.Configuration.GetSection(PileBrokerOptions.Section));
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.UsePileBroker());
        var app = builder.Build();
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new BrokerUnderTest(app, errors);
    }

    /// <summary>How often something was counted: <c>slowed</c>, or <c>cut:foreign_topic</c>, <c>refused:secret</c>.</summary>
    public long Count(string what) => _counts.Where(count => count.Key.EndsWith($".{what}", StringComparison.Ordinal)).Sum(count => count.Value);

    public ValueTask<bool> Send(DeviceNo device, Command command) => Link.SendAsync(device, command);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _meters.Dispose();
        Assert.True(_errors.Entries.Count == ExpectedErrors, $"Errors in the log: {string.Join("; ", _errors.Entries)}");
    }

    private sealed class ErrorLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Entries { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Error)
                Entries.Enqueue($"{formatter(state, exception)} {exception}");
        }

        public void Dispose()
        {
        }
    }
}
