using System.Collections.Concurrent;

namespace Charging.Server.Calls;

/// <summary>An answer that several callers may have waited for.</summary>
/// <param name="Value">The answer.</param>
/// <param name="IsOwn">Whether the call began with this caller; else it may have begun before.</param>
public readonly record struct SharedAnswer<T>(T Value, bool IsOwn);

/// <summary>Callers that ask about the same thing at the same time wait for one answer.</summary>
/// <param name="clock">The clock.</param>
/// <param name="lasts">Which answers are given for a second longer, without asking again; null for none.</param>
public sealed class SharedCalls<TKey, TAnswer>(TimeProvider clock, Func<TAnswer, bool>? lasts = null)
    where TKey : notnull
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<TKey, Lazy<Task<TAnswer>>> _running = new();

    /// <summary>Joins the call that is under way, or makes one.</summary>
    /// <param name="key">What is asked about.</param>
    /// <param name="call">Asks. It goes on when its caller leaves, for others may wait for it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<SharedAnswer<TAnswer>> AskAsync(TKey key, Func<Task<TAnswer>> call, CancellationToken cancellationToken)
    {
        var own = new Lazy<Task<TAnswer>>(() => RunAsync(key, call));
        var running = _running.GetOrAdd(key, own);
        return new SharedAnswer<TAnswer>(await running.Value.WaitAsync(cancellationToken), ReferenceEquals(running, own));
    }

    private async Task<TAnswer> RunAsync(TKey key, Func<Task<TAnswer>> call)
    {
        var isKept = false;
        try
        {
            var answer = await call();
            isKept = lasts?.Invoke(answer) ?? false;
            return answer;
        }
        finally
        {
            if (isKept)
                _ = RemoveLaterAsync(key);
            else
                _running.TryRemove(key, out _);
        }
    }

    private async Task RemoveLaterAsync(TKey key)
    {
        await Task.Delay(Second, clock);
        _running.TryRemove(key, out _);
    }
}
