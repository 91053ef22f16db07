using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Charging.Reliability.Model;

/// <summary>The server was killed before it answered.</summary>
internal sealed class ServerGoneException() : Exception("The server is gone.");

/// <summary>
/// One life of the server: its own services on the disk that earlier lives have left, with the ports of the world instead of
/// sockets. Only what waits for a day (forgetting old events and tokens) is not started.
/// </summary>
internal sealed class ModelServer
{
    private static readonly ServiceDescriptor[] Registered = Register();
    private static readonly Lazy<MemoryDisk> EmptyStore = new(MakeEmptyStore);

    private readonly World _world;
    private readonly HashSet<Action> _calls = [];

    public ModelServer(World world, Life life, Bug? bug, Random random)
    {
        _world = world;
        Life = life;
        IServiceCollection services = new ServiceCollection();
        foreach (var descriptor in Registered)
            services.Add(descriptor);
        services.AddSingleton(world.Scheduler);
        services.AddSingleton<TimeProvider>(world.Clock);
        services.AddSingleton<ILoggerFactory>(new ModelLog(world));
        services.AddSingleton<ISmsSender>(world.Sms);
        services.AddSingleton<IPaymentProvider>(world.Provider);
        services.AddSingleton<IPileLink>(new ModelLink(world));
        services.AddSingleton<IStoreObserver>(world.Watch);
        services.AddSingleton(provider => world.Place.Open(world, life, random, [.. provider.GetServices<IStoreObserver>()]));
        bug?.Apply(services);
        Services = services.BuildServiceProvider();
        Services.GetRequiredService<IStore>();
        Call(_ => StartAsync());
    }

    public Life Life { get; }

    public IServiceProvider Services { get; }

    /// <summary>Whether it has read what it must know and takes calls.</summary>
    public bool IsUp { get; private set; }

    /// <summary>The port at which piles are heard.</summary>
    public IPileListener Listener => Services.GetRequiredService<IPileListener>();

    /// <summary>A disk with a new store on it.</summary>
    public static MemoryDisk NewDisk() => EmptyStore.Value.Copy();

    /// <summary>Calls the server; its death ends the call.</summary>
    /// <exception cref="ServerGoneException">It was killed in the middle; whether it has acted is not known.</exception>
    public async Task<T> CallAsync<T>(Func<IServiceProvider, Task<T>> call)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Cut() => answer.TrySetException(new ServerGoneException());
        _calls.Add(Cut);
        _world.Scheduler.Post(Life, _ => _ = AnswerAsync());
        try
        {
            return await answer.Task;
        }
        finally
        {
            _calls.Remove(Cut);
        }

        async Task AnswerAsync()
        {
            try
            {
                answer.TrySetResult(await call(Services));
            }
            catch (Exception fault)
            {
                answer.TrySetException(fault);
            }
        }
    }

    /// <summary>Calls the server without waiting for an answer.</summary>
    public void Call(Func<IServiceProvider, Task> call) => _world.Scheduler.Post(Life, _ => _ = GuardAsync(call));

    /// <summary>It is dropped where it stands.</summary>
    public void Kill()
    {
        IsUp = false;
        _world.Scheduler.Kill(Life);
        foreach (var cut in _calls.ToArray())
            cut();
    }

    private async Task GuardAsync(Func<IServiceProvider, Task> call)
    {
        try
        {
            await call(Services);
        }
        catch (StoreUnavailableException) when (_world.Place.IsCut)
        {
            // It dies in a moment.
        }
        catch (Exception fault)
        {
            _world.Fault($"The server broke: {fault}");
        }
    }

    private async Task StartAsync()
    {
        await ActivatorUtilities.CreateInstance<IndexLoader>(Services).StartAsync(CancellationToken.None);
        foreach (var fault in await Invariants.AtAnyMomentAsync(_world, Services))
            _world.Fault($"At the start of {Life.Name}: {fault}");
        await RiderCalls.PrepareAsync(Services, _world);
        await Services.GetRequiredService<DueWorker>().StartAsync(CancellationToken.None);
        IsUp = true;
        _world.Trace($"{Life.Name} is up");
        _world.ServerUp();
    }

    private static MemoryDisk MakeEmptyStore()
    {
        var disk = new MemoryDisk();
        var batches = new Batches(new LiteDbOpener(disk, "memory", Tables.All, [], barrier: true), [], TimeProvider.System, NullLogger.Instance);
        batches.Open();
        batches.Close();
        return disk;
    }

    // Prices and amounts are such that a charge is short and a card pays for several. Not every payment is made by the server.
    private static ServiceDescriptor[] Register() =>
        [.. Program.Register(["--environment=Development", "--Charging:Demo:Enabled=false", "--Charging:Orders:CardAmountFen=5", "--Charging:Payment:OwnPaymentService=true", "--Charging:Payment:CollectDebts=true", .. ModelLimits.Settings]).Services];
}

/// <summary>The server's log: whatever a person would have to act on does not hold.</summary>
internal sealed class ModelLog(World world) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Error && !world.Place.IsCut)
            world.Fault($"Logged: {formatter(state, exception)} {exception}");
        else
            world.Trace($"log: {formatter(state, exception)}");
    }
}

/// <summary>Commands on their way to the piles.</summary>
internal sealed class ModelLink(World world) : IPileLink
{
    public ValueTask<bool> SendAsync(DeviceNo device, Device.V1.Command command, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(world.Piles.Single(pile => pile.Device == device).Receive(command));

    public ValueTask DisconnectAsync(DeviceNo device, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
}
