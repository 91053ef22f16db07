using System.CommandLine;
using System.CommandLine.Invocation;
using Charging.Client.Cli.Commands;

namespace Charging.Client.Cli;

/// <summary>The program: an index of its commands.</summary>
public static class Chargectl
{
    private const string Description = """
        Runs a charging server: piles, prices, cards, orders, riders, money.

        It talks to the server over gRPC, with the operator key that the server made at its first start in its data
        directory (operator.key). On the server's own machine, started in the same folder, nothing needs to be set:

          chargectl doctor                           is everything reachable and well set up?
          chargectl piles add 014441AC53             registers a pile and shows its secret
          chargectl cards issue 111111786            issues a virtual card
          chargectl orders list --trouble            charges that wait for a person
          chargectl users show 13800000000           a rider's balance and cards
          chargectl ledger show --user 13800000000   every move of a rider's money
          chargectl refunds list --owed              money that has not gone back yet
          chargectl reconcile                        yesterday's bill beside the ledger
          chargectl piles qr 014441AC53 --out a.png  the label of a pile
          chargectl backup charging.backup           a copy of everything, while the server runs
          chargectl restore charging.backup --data-directory data
          chargectl simulate --piles 5               piles to try the server with

        From elsewhere:

          CHARGECTL_ADDRESS   address of the server's gRPC port, http:// or https://
          CHARGECTL_KEY       the operator key itself
          CHARGECTL_KEY_FILE  a file that holds it, when CHARGECTL_KEY is not set

        Tables are for people. With --json a command writes one JSON document instead: the server's answer in protobuf's
        JSON form (amounts in fen and other 64-bit numbers are strings, times are UTC).
        The exit code is 0 when it worked, else 1 with a sentence on stderr.
        """;

    // Long enough for thousands of simulated piles to hang up.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(15);

    /// <summary>Runs one command.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="output">Where tables and JSON go.</param>
    /// <param name="error">Where refusals go.</param>
    /// <param name="cancellationToken">Ends it early, as Ctrl+C does.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken cancellationToken = default)
    {
        var result = Root().Parse(args);
        // Who mistypes an option needs the sentence; who names no command needs the list of them.
        if (result.Action is ParseErrorAction && result.CommandResult.Command.Subcommands.Count == 0)
        {
            await error.WriteLineAsync(string.Join(' ', result.Errors.Select(mistake => mistake.Message)).ReplaceLineEndings(" "));
            return 1;
        }
        var configuration = new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = Farewell };
        return await result.InvokeAsync(configuration, cancellationToken);
    }

    private static RootCommand Root() => new(Description)
    {
        CommonOptions.Address,
        CommonOptions.KeyFile,
        CommonOptions.Json,
        new Command("piles", "Registers piles and shows how they are.")
        {
            Commands.Piles.Add.Make(), Commands.Piles.List.Make(), Commands.Piles.Show.Make(), Commands.Piles.RotateSecret.Make(), Commands.Piles.SetTariff.Make(),
            Commands.Piles.Qr.Make(),
        },
        new Command("cards", "Issues cards and shows whose they are.") { Commands.Cards.Issue.Make(), Commands.Cards.List.Make() },
        new Command("orders", "Finds orders.") { Commands.Orders.List.Make(), Commands.Orders.Show.Make() },
        new Command("users", "Looks riders up.") { Commands.Users.Show.Make() },
        new Command("ledger", "Shows where money went, and whether all of it adds up.")
        {
            Commands.Ledger.Show.Make(), Commands.Ledger.Check.Make(), Commands.Ledger.Totals.Make(),
        },
        new Command("refunds", "Finds refunds that the provider has not sent back.") { Commands.Refunds.List.Make(), Commands.Refunds.Retry.Make() },
        new Command("tariffs", "Sets prices, and shows what they come to.")
        {
            Commands.Tariffs.Set.Make(), Commands.Tariffs.List.Make(), Commands.Tariffs.Show.Make(), Commands.Tariffs.Delete.Make(), Commands.Tariffs.Quote.Make(),
        },
        Reconcile.Make(),
        Commands.Backup.Make(),
        Commands.Restore.Make(),
        Simulate.Make(),
        Doctor.Make(),
    };
}
