using System.Threading.Channels;

namespace Charging.Server.Operations;

/// <summary>
/// What a reader has not been told yet: of each thing the newest state alone, so that a slow reader costs no more memory
/// than there are things; and of more than <see cref="Most"/> things none, but that it has to start over.
/// </summary>
internal sealed class Watcher<T>(Watchers<T> all, TimeProvider clock) : IDisposable
    where T : class
{
    /// <summary>Most things that are kept for a reader.</summary>
    public const int Most = 10_000;

    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _gate = new();
    private Dictionary<string, T> _news = [];
    private bool _tooMany;

    /// <summary>Something has changed. Never waits.</summary>
    public void Tell(string key, T state)
    {
        lock (_gate)
        {
            if (_news.Count >= Most && !_news.ContainsKey(key))
                (_tooMany, _news) = (true, []);
            if (!_tooMany)
                _news[key] = state;
        }
        _signal.Writer.TryWrite(true);
    }

    /// <summary>Waits for something new.</summary>
    /// <param name="patience">How long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What is new; empty when that was nothing; null when it was too much, and the reader has to start over.</returns>
    public async Task<IReadOnlyCollection<T>?> TakeAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await _signal.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return [];
        }
        lock (_gate)
        {
            var (news, tooMany) = (_news, _tooMany);
            (_news, _tooMany) = ([], false);
            return tooMany ? null : news.Values;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => all.Remove(this);
}

/// <summary>All readers of a kind of things.</summary>
internal sealed class Watchers<T>(TimeProvider clock)
    where T : class
{
    private readonly Lock _gate = new();

    // Replaced and never changed, so that telling takes no lock.
    private Watcher<T>[] _all = [];

    /// <summary>Whether there is any, so that nobody need prepare what nobody reads.</summary>
    public bool Any => Volatile.Read(ref _all).Length > 0;

    /// <summary>A new one, which is told of what changes from now on.</summary>
    public Watcher<T> Add()
    {
        var watcher = new Watcher<T>(this, clock);
        lock (_gate)
            _all = [.. _all, watcher];
        return watcher;
    }

    /// <summary>One has gone.</summary>
    public void Remove(Watcher<T> watcher)
    {
        lock (_gate)
            _all = [.. _all.Where(it => it != watcher)];
    }

    /// <summary>Something has changed.</summary>
    public void Tell(string key, T state)
    {
        foreach (var watcher in Volatile.Read(ref _all))
            watcher.Tell(key, state);
    }
}
