using System.CommandLine;
using Charging.Ops.V1;
using Google.Protobuf;
using Grpc.Core;
using Spectre.Console;

namespace Charging.Client.Cli.Commands;

/// <summary>`import`.</summary>
internal static class Import
{
    private static readonly Argument<string> Source = new("file") { Description = "A file that 'chargectl export' has written." };

    // All was sent, and only the answer is missing.
    private const string Unknown = "The import may be complete all the same. Import again to see it: when everything is there, the server says that the store is not empty; else it begins anew.";

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command(
        "import",
        "Puts an export into the empty store of a server that was started with Charging:Store:Moving, and compares: all of it or nothing.") { Source }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var path = session.Parse.GetValue(Source)!;
        var bytes = await session.WithBarAsync("checking the file", done => MoveFile.VerifyAsync(path, done, cancel));
        try
        {
            var imported = await session.WithBarAsync("importing", done => ImportAsync(session, path, bytes, done, cancel));
            session.Write(imported, console => Tell(console, imported));
            return 0;
        }
        catch (RpcException e) when (!cancel.IsCancellationRequested)
        {
            throw MoveFile.Explain(e, session, IsLost(e) ? "Nothing is served of what was imported: import again." : "");
        }
    }

    private static async Task<Imported> ImportAsync(Session session, string path, long bytes, Action<double> progress, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var call = session.Move.Import(cancellationToken: stop.Token);
        var sent = 0L;
        var sending = SendAsync();
        var (imported, written) = (default(Imported), 1L);
        try
        {
            await foreach (var message in call.ResponseStream.ReadAllAsync(stop.Token))
            {
                imported = message.Imported;
                if (message.Progress is not { } step)
                    continue;
                written = step.Stage == ImportStage.Writing ? step.Rows : written;
                progress(Done(step, (double)Interlocked.Read(ref sent) / bytes, written));
            }
            await sending;
        }
        catch (RpcException e) when (Interlocked.Read(ref sent) == bytes && IsLost(e) && !cancel.IsCancellationRequested)
        {
            throw new CliException($"{session.Explain(e)} {Unknown}");
        }
        finally
        {
            // A call that was refused takes nothing more.
            await stop.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return imported ?? throw new CliException($"The server has not said what it imported. {Unknown}");

        async Task SendAsync()
        {
            await using var file = BackupFile.Open(path);
            var buffer = new byte[MoveFile.Portion];
            while (await file.ReadAsync(buffer, stop.Token) is > 0 and var read)
            {
                await call.RequestStream.WriteAsync(new ImportRequest { Part = ByteString.CopyFrom(buffer, 0, read) }, stop.Token);
                Interlocked.Add(ref sent, read);
            }
            await call.RequestStream.CompleteAsync();
        }
    }

    private static bool IsLost(RpcException e) => e.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled;

    /// <summary>Writing takes about as long as all that follows.</summary>
    private static double Done(ImportProgress step, double sent, long written) => step.Stage switch
    {
        ImportStage.Comparing => 0.5 + (0.25 * step.Rows / written),
        ImportStage.CheckingLedger => 0.75 + (0.25 * Math.Min(1, (double)step.Rows / written)),
        _ => sent * 0.5,
    };

    private static void Tell(IAnsiConsole console, Imported imported)
    {
        var tables = Format.Columns("table", "rows");
        foreach (var table in imported.Tables.Where(table => table.Rows > 0))
            tables.Row(table.Name, Format.Number(table.Rows));
        console.Write(tables);
        Ledger.Totals.Write(console, imported.Totals);
        console.Line("Every row and every sum is as in the export, and the ledger adds up. " + (imported.Trial
            ? "It was a trial: no server serves this store, and the next import replaces what is there."
            : "Start the server without Charging:Store:Moving."));
    }
}
