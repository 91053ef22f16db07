using System.CommandLine;
using System.Text.Json;
using Charging.Ops.V1;
using Grpc.Core;

namespace Charging.Client.Cli.Commands;

/// <summary>`export`.</summary>
internal static class Export
{
    private static readonly Argument<string> Target = new("file") { Description = "File to write. One that is there is replaced once the new one is whole." };

    private static readonly Option<bool> Trial = new("--trial") { Description = "Leaves the store as it is: the server may be started for riders again, and none serves what is imported from the file." };

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command(
        "export",
        "Writes everything down that a server has stored which was started with Charging:Store:Moving, for 'import' into another; and closes its store.") { Target, Trial }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var path = session.Parse.GetValue(Target)!;
        var part = path + ".part";
        try
        {
            var rows = await session.WithCountAsync("exporting", count => WriteAsync(session, part, count, cancel));
            var bytes = await session.WithBarAsync("checking", done => MoveFile.VerifyAsync(part, done, cancel));
            File.Move(part, path, overwrite: true);
            // Only now, for without the file the store is all there is.
            if (!session.Parse.GetValue(Trial))
                await CloseAsync(session, path, cancel);
            Tell(session, path, rows, bytes);
            return 0;
        }
        catch (RpcException e) when (!cancel.IsCancellationRequested)
        {
            throw MoveFile.Explain(e, session, File.Exists(part) ? "There is no export." : "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{path} cannot be written: {e.Message.TrimEnd('.')}. There is no export.");
        }
        finally
        {
            if (File.Exists(part))
                File.Delete(part);
        }
    }

    private static async Task<long> WriteAsync(Session session, string part, Action<long> count, CancellationToken cancel)
    {
        await using var file = PrivateFile.Create(part);
        using var call = session.Move.Export(new ExportRequest { Trial = session.Parse.GetValue(Trial) }, cancellationToken: cancel);
        var rows = 0L;
        await foreach (var message in call.ResponseStream.ReadAllAsync(cancel))
        {
            await file.WriteAsync(message.Part.Memory, cancel);
            count(rows = message.Rows);
        }
        file.Flush(flushToDisk: true);
        return rows;
    }

    private static async Task CloseAsync(Session session, string path, CancellationToken cancel)
    {
        try
        {
            await session.Move.MarkMovedAsync(new MarkMovedRequest { Reason = $"Exported to {Path.GetFileName(path)}" is { Length: <= 200 } reason ? reason : "Exported" }, cancellationToken: cancel);
        }
        catch (RpcException e)
        {
            throw new CliException($"{path} is whole, but the store could not be closed: {session.Explain(e)} Export again before you import: as long as the store is open, a server may serve it beside the new one.");
        }
    }

    private static void Tell(Session session, string path, long rows, long bytes)
    {
        var trial = session.Parse.GetValue(Trial);
        if (session.Json)
        {
            session.Output.WriteLine(JsonSerializer.Serialize(new { file = path, rows, bytes, closed = !trial }, JsonSerializerOptions.Web));
            return;
        }
        session.Console.Fields(("export", path), ("rows", Format.Number(rows)), ("bytes", Format.Number(bytes)));
        session.Console.Line(trial
            ? "It is a trial: the store here may be served again, and what happens there is not in the file. No server serves what is imported from it."
            : "The store here is closed: start the new server and run 'chargectl import'. To give the move up: 'chargectl reopen'.");
    }
}
