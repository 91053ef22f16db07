using System.CommandLine;
using Google.Protobuf;
using Grpc.Core;

namespace Charging.Client.Cli;

/// <summary>Lists that print what changes, until Ctrl+C.</summary>
internal static class Watch
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>The option.</summary>
    public static Option<bool> Option() => new("--watch") { Description = "Prints the present state, and then each change as it comes, until Ctrl+C. With --json, a document on a line for each message." };

    /// <summary>Runs until it is cancelled. A server that stops is called again.</summary>
    /// <param name="session">The run.</param>
    /// <param name="open">Opens the stream.</param>
    /// <param name="lines">What a message is to a person.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task<int> RunAsync<T>(Session session, Func<AsyncServerStreamingCall<T>> open, Func<T, IEnumerable<string>> lines, CancellationToken cancel)
        where T : class, IMessage
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await ReadAsync(session, open, lines, cancel);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable && !cancel.IsCancellationRequested)
            {
                session.Error.WriteLine($"{session.Explain(e)} Trying again.");
                await Task.Delay(Pause, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e) when (e is RpcException or OperationCanceledException && cancel.IsCancellationRequested)
            {
                // Ctrl+C is how one ends this.
            }
        }
        return 0;
    }

    /// <summary>A row with columns of fixed widths; the last one is as long as it is.</summary>
    public static string Line(params (string Text, int Width)[] columns) => string.Join("  ", columns.Select(column => column.Text.PadRight(column.Width))).TrimEnd();

    private static async Task ReadAsync<T>(Session session, Func<AsyncServerStreamingCall<T>> open, Func<T, IEnumerable<string>> lines, CancellationToken cancel)
        where T : class, IMessage
    {
        using var call = open();
        while (await call.ResponseStream.MoveNext(cancel))
        {
            var message = call.ResponseStream.Current;
            if (session.Json)
                session.WriteLine(message);
            else
                Print(session, lines(message));
        }
    }

    private static void Print(Session session, IEnumerable<string> lines)
    {
        foreach (var line in lines)
            session.Output.WriteLine(line);
    }
}
