using System.CommandLine;
using Charging.Ops.V1;
using Spectre.Console;

namespace Charging.Client.Cli.Commands.Ledger;

/// <summary>`ledger totals`.</summary>
internal static class Totals
{
    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("totals", "Shows what is on the accounts of the whole operation.").Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var answer = await session.Ledger.GetTotalsAsync(new GetTotalsRequest(), cancellationToken: cancel);
        session.Write(answer, console => Write(console, answer.Totals));
        return 0;
    }

    /// <summary>Writes the accounts.</summary>
    public static void Write(IAnsiConsole console, LedgerTotals totals) => console.Fields(
        ("paid in less sent back ¥", Format.Yuan(-totals.ProviderFen)),
        ("earned ¥", Format.Yuan(totals.RevenueFen)),
        ("owed to riders ¥", Format.Yuan(totals.OwedFen)),
        ("balances of riders ¥", Format.Yuan(totals.BalancesFen)),
        ("held for orders ¥", Format.Yuan(totals.HoldsFen)),
        ("put on balances by operators ¥", Format.Yuan(-totals.AdjustmentsFen)));
}
