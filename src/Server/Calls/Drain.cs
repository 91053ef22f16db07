namespace Charging.Server.Calls;

/// <summary>
/// The way down. When the server is told to stop, `/readyz` says so at once; calls are taken until the notice is over, and then
/// answered 5000. Those under way are waited for while store, piles and provider are still there. Only then the rest stops.
/// </summary>
public sealed class Drain(ServerOptions options) : IHostedLifecycleService
{
    /// <summary>How long calls under way are waited for: longer than one waits for a pile.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10.5);

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _over = new();
    private int _underWay;
    private bool _isClosed;

    /// <summary>Cancelled when no call is waited for any more, because all were answered or because it took too long.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>A call comes in.</summary>
    /// <returns>False when it comes too late.</returns>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (!_isClosed)
                _underWay++;
            return !_isClosed;
        }
    }

    /// <summary>A call that came in was answered.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _underWay--;
            TellIfIdle();
        }
    }

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(options.DrainNotice, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            _isClosed = true;
            TellIfIdle();
        }
        await _idle.Task.WaitAsync(MaxWait, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _over.CancelAsync();
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void TellIfIdle()
    {
        if (_isClosed && _underWay == 0)
            _idle.TrySetResult();
    }
}
