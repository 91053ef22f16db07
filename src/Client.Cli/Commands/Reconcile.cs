using System.CommandLine;
using Charging.Ops.V1;
using Spectre.Console;

namespace Charging.Client.Cli.Commands;

/// <summary>`reconcile`.</summary>
internal static class Reconcile
{
    private static readonly Option<string> Date = new("--date") { Description = "A day in Shanghai that is over; yesterday by default.", HelpName = "yyyy-mm-dd" };
    private static readonly Option<bool> Repair = new("--repair") { Description = "Takes up payments that are on the bill and not in the ledger." };

    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command(
        "reconcile",
        "Compares the payment provider's bill of a day with the ledger, both ways. Exit code 1 when anything differs.") { Date, Repair, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var request = new ReconcileRequest { Date = session.Parse.GetValue(Date) ?? "", Repair = session.Parse.GetValue(Repair), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.WithCountAsync("comparing with the bill", _ => session.Ledger.ReconcileAsync(request, cancellationToken: cancel).ResponseAsync);
        session.Write(answer, console => Write(console, answer.Reconciliation));
        return answer.Reconciliation.Differences.Count == 0 ? 0 : 1;
    }

    private static void Write(IAnsiConsole console, Reconciliation found)
    {
        console.Fields(
            ("day", found.Date),
            ("payments on the bill", $"{found.Payments}, ¥ {Format.Yuan(found.PaidFen)}"),
            ("refunds on the bill", $"{found.Refunds}, ¥ {Format.Yuan(found.RefundedFen)}"),
            ("wait for the next bill", Format.OrNone(found.Waiting)));
        if (found.Differences.Count == 0)
        {
            console.Line("Nothing differs.");
            return;
        }
        var table = Format.Columns("difference", "number", "bill ¥", "ledger ¥", "");
        foreach (var difference in found.Differences)
            table.Row(Format.Name(difference.Kind), difference.No, Format.Yuan(difference.BillFen), Format.Yuan(difference.LedgerFen), difference.Note);
        console.Write(table);
        console.Line($"{found.Differences.Count} differences.");
    }
}
