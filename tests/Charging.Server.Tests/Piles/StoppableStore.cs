using Charging.Server.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Server.Tests.Piles;

/// <summary>The real store, behind a tap.</summary>
internal sealed class StoppableStore : IStore
{
    private IStore? _store;
    private int _refusals;

    /// <summary>Whether it serves nobody.</summary>
    public bool IsStopped { get; set; }

    /// <summary>How often it has refused.</summary>
    public int Refusals => Volatile.Read(ref _refusals);

    /// <summary>Puts it before the server's store.</summary>
    public void Use(WebApplicationBuilder builder)
    {
        var real = builder.Services.Last(service => service.ServiceType == typeof(IStore));
        builder.Services.AddSingleton<IStore>(services =>
        {
            _store = (IStore)real.ImplementationFactory!(services);
            return this;
        });
    }

    public Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default)
    {
        if (!IsStopped)
            return _store!.RunAsync(operation, cancellationToken);
        Interlocked.Increment(ref _refusals);
        throw new StoreUnavailableException("The tap is closed.");
    }
}
