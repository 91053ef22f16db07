using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>A part of what a reader is told.</summary>
/// <param name="Items">Things as they are now, at most 200.</param>
/// <param name="Reset">Whether the reader is to forget everything.</param>
/// <param name="CaughtUp">Whether the present state is complete with it.</param>
internal readonly record struct Part<T>(IReadOnlyList<T> Items, bool Reset, bool CaughtUp);

/// <summary>
/// The course of every stream: the present state, then what changes, and a sign of life in between. It ends when the reader
/// goes, the server stops, or the key is revoked.
/// </summary>
internal sealed class Watching(OperatorKeys keys, IHostApplicationLifetime lifetime)
{
    /// <summary>After this long without news there is a sign of life.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    private const int MostInPart = 200;

    /// <summary>Runs a stream to its end.</summary>
    /// <param name="context">The call.</param>
    /// <param name="watchers">Who is told of changes.</param>
    /// <param name="present">Reads the present state, once the changes are heard already, so that nothing is missed.</param>
    /// <param name="send">Writes a part. It waits for a slow reader; nobody else does.</param>
    public async Task RunAsync<T>(ServerCallContext context, Watchers<T> watchers, Func<CancellationToken, IAsyncEnumerable<T>> present, Func<Part<T>, CancellationToken, Task> send)
        where T : class
    {
        var who = context.Operator();
        using var watcher = watchers.Add();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await SendPresentAsync(present, send, end.Token);
            while (true)
            {
                var news = await watcher.TakeAsync(Beat, end.Token);
                if (!keys.IsAlive(who.KeyId))
                    throw Refusal.Of(StatusCode.Unauthenticated, "The key was revoked.", Reasons.KeyInvalid);
                if (news is null)
                    await SendPresentAsync(present, send, end.Token);
                else if (news.Count == 0)
                    await send(new Part<T>([], false, false), end.Token);
                else
                    await SendAsync(news, send, end.Token);
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Refusal.Of(StatusCode.Unavailable, "The server stops: call again.", Reasons.Unavailable);
        }
    }

    private static async Task SendPresentAsync<T>(Func<CancellationToken, IAsyncEnumerable<T>> present, Func<Part<T>, CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        var (part, reset) = (new List<T>(), true);
        await foreach (var item in present(cancellationToken))
        {
            part.Add(item);
            if (part.Count < MostInPart)
                continue;
            await send(new Part<T>(part, reset, false), cancellationToken);
            (part, reset) = ([], false);
        }
        await send(new Part<T>(part, reset, true), cancellationToken);
    }

    private static async Task SendAsync<T>(IEnumerable<T> news, Func<Part<T>, CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        foreach (var part in news.Chunk(MostInPart))
            await send(new Part<T>(part, false, false), cancellationToken);
    }
}
