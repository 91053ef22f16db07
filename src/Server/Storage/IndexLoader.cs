namespace Charging.Server.Storage;

/// <summary>Fills the in-memory indexes before anything else starts: the first hosted service.</summary>
public sealed class IndexLoader(IStore store, IEnumerable<IStoreObserver> observers) : IHostedService
{
    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var observer in observers)
            await observer.LoadAsync(store, cancellationToken);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
