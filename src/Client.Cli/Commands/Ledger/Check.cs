using System.CommandLine;
using Charging.Ops.V1;
using Grpc.Core;
using Spectre.Console;

namespace Charging.Client.Cli.Commands.Ledger;

/// <summary>`ledger check`.</summary>
internal static class Check
{
    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command(
        "check",
        "Checks every entry, balance, order, top-up and refund while the server goes on. Exit code 1 when something does not add up.").Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var whole = new CheckLedgerResponse();
        using var call = session.Ledger.CheckLedger(new CheckLedgerRequest(), cancellationToken: cancel);
        // A bar is for a screen; in a file it would be rubbish.
        if (session.Json || !session.Console.Profile.Out.IsTerminal)
            await ReadAsync(call, whole, () => { }, cancel);
        else
            await session.Console.Progress().StartAsync(progress => WithBarAsync(progress.AddTask("ledger"), call, whole, cancel));
        session.Write(whole, console => Write(console, whole));
        return whole.Findings.Count == 0 ? 0 : 1;
    }

    private static async Task WithBarAsync(ProgressTask bar, AsyncServerStreamingCall<CheckLedgerResponse> call, CheckLedgerResponse whole, CancellationToken cancel)
    {
        await ReadAsync(call, whole, Show, cancel);
        bar.Value = bar.MaxValue;

        void Show()
        {
            bar.MaxValue = Math.Max(1, whole.NewestNumber);
            bar.Value = whole.Number;
            bar.Description = $"{whole.Entries} entries, {whole.Rows} rows";
        }
    }

    private static async Task ReadAsync(AsyncServerStreamingCall<CheckLedgerResponse> call, CheckLedgerResponse whole, Action show, CancellationToken cancel)
    {
        while (await call.ResponseStream.MoveNext(cancel))
        {
            var part = call.ResponseStream.Current;
            (whole.Number, whole.NewestNumber, whole.Entries, whole.Rows) = (part.Number, part.NewestNumber, part.Entries, part.Rows);
            whole.Findings.AddRange(part.Findings);
            show();
        }
    }

    private static void Write(IAnsiConsole console, CheckLedgerResponse whole)
    {
        foreach (var finding in whole.Findings)
            console.Line(finding.Sentence);
        var outcome = whole.Findings.Count == 0 ? "The ledger adds up" : $"The ledger does not add up, {whole.Findings.Count} findings";
        console.Line($"{outcome}: {whole.Entries} entries, {whole.Rows} users, top-ups, orders and refunds.");
    }
}
