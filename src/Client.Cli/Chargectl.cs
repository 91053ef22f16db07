using System.CommandLine;
using System.CommandLine.Invocation;
using Charging.Client.Cli.Commands;

namespace Charging.Client.Cli;

/// <summary>The program: an index of its commands.</summary>
public static class Chargectl
{
    private const string Description = """
        Runs a charging server: piles, stations, prices, cards, orders, riders, money.

        It talks to the server over gRPC, with the operator key that the server made at its first start in its data
        directory (operator.key). On the server's own machine, started in the same folder, nothing needs to be set:

          chargectl doctor                           is everything reachable and well set up?
          chargectl piles add 014441AC53             registers a pile and shows its secret
          chargectl piles pause 014441AC53 --plug 3 --reason "socket broken"
          chargectl cards issue 111111786            issues a virtual card
          chargectl orders list --trouble            charges that wait for a person
          chargectl orders list --offline            charges whose pile is gone
          chargectl orders timeline 2019…352         what happened to one of them
          chargectl orders force-end 2019…352 --reason "pile burnt down"
          chargectl orders refund 2019…352 --all --reason "the bike did not charge"
          chargectl users show 13800000000           a rider's balance and cards
          chargectl ledger show --user 13800000000   every move of a rider's money
          chargectl refunds list --owed              money that has not gone back yet
          chargectl reconcile                        yesterday's bill beside the ledger
          chargectl piles qr 014441AC53 --out a.png  the label of a pile
          chargectl backup charging.backup           a copy of everything, while the server runs
          chargectl restore charging.backup --data-directory data
          chargectl restore accept                   what it brings back, and that you want it
          chargectl export charging.move             everything, for a server with another store
          chargectl import charging.move             puts it there
          chargectl mqtt export --directory DIR      what Mosquitto must know of the piles
          chargectl alarms list --watch              alarms as they come
          chargectl report --by station              orders, energy and money
          chargectl keys add "night shift" --role Operator
          chargectl simulate --piles 5               piles to try the server with

        From elsewhere:

          CHARGECTL_ADDRESS   address of the server's gRPC port, http:// or https://
          CHARGECTL_KEY       the operator key itself
          CHARGECTL_KEY_FILE  a file that holds it, when CHARGECTL_KEY is not set

        Tables are for people. With --json a command writes one JSON document instead: the server's answer in protobuf's
        JSON form (amounts in fen and other 64-bit numbers are strings, times are UTC).
        What cannot be taken back is asked about on a terminal; --yes goes on without asking. Everything that is changed is
        in the audit log with the key that was used and --reason.
        The exit code is 0 when it worked, else 1 with a sentence on stderr.
        """;

    // Whoever presses Ctrl+C waits so long at most: thousands of simulated piles hang up, everything else has ended at once.
    private static readonly TimeSpan SimulationEnd = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan End = TimeSpan.FromSeconds(1);

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
        if (result.Action is ParseErrorAction && result.CommandResult.Command.Action is not null)
        {
            await error.WriteLineAsync(string.Join(' ', result.Errors.Select(mistake => mistake.Message)).ReplaceLineEndings(" "));
            return 1;
        }
        var configuration = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            ProcessTerminationTimeout = result.CommandResult.Command.Name == Simulate.Name ? SimulationEnd : End,
            EnableDefaultExceptionHandler = false,
        };
        try
        {
            return await result.InvokeAsync(configuration, cancellationToken);
        }
        catch (IOException e)
        {
            await error.WriteLineAsync($"The output cannot be written: {e.Message.TrimEnd('.')}.");
            return 1;
        }
    }

    internal static RootCommand Root() => new(Description)
    {
        CommonOptions.Address,
        CommonOptions.KeyFile,
        CommonOptions.Json,
        Confirm.Yes,
        new Command("piles", "Registers piles, shows how they are, and tells them what to do.")
        {
            Commands.Piles.Add.Make(), Commands.Piles.List.Make(), Commands.Piles.Show.Make(), Commands.Piles.Change.Make(), Commands.Piles.RotateSecret.Make(),
            Commands.Piles.SetTariff.Make(), Commands.Piles.Tell.Make(), Commands.Piles.Pause.Make(), Commands.Piles.Resume.Make(), Commands.Piles.Retire.Make(), Commands.Piles.Qr.Make(),
        },
        new Command("stations", "Places with piles.")
        {
            Commands.Stations.Add.Make(), Commands.Stations.List.Make(), Commands.Stations.Show.Make(), Commands.Stations.Nearest.Make(), Commands.Stations.Change.Make(),
            Commands.Stations.Pause.Make(), Commands.Stations.Resume.Make(), Commands.Stations.Remove.Make(),
        },
        new Command("cards", "Issues, binds and blocks cards, and shows whose they are.")
        {
            Commands.Cards.Issue.Make(), Commands.Cards.List.Make(), Commands.Cards.Show.Make(), Commands.Cards.Bind.Make(), Commands.Cards.Unbind.Make(),
            Commands.Cards.Block.Make(), Commands.Cards.Unblock.Make(),
        },
        new Command("orders", "Finds orders, ends what is stuck, and gives money back.")
        {
            Commands.Orders.List.Make(), Commands.Orders.Show.Make(), Commands.Orders.Timeline.Make(), Commands.Orders.ForceEnd.Make(), Commands.Orders.GiveBack.Make(),
            Commands.Orders.TryAgain.Make(), Commands.Orders.Resolve.Make(),
        },
        new Command("users", "Looks riders up, locks them out, and changes their balance.")
        {
            Commands.Users.List.Make(), Commands.Users.Show.Make(), Commands.Users.Adjust.Make(), Commands.Users.SignOut.Make(), Commands.Users.Block.Make(),
            Commands.Users.Unblock.Make(), Commands.Users.Code.Make(), Commands.Users.ConfirmOwner.Make(), Commands.Users.Move.Make(),
        },
        new Command("alarms", "What piles warn of.") { Commands.Alarms.List.Make(), Commands.Alarms.Ack.Make(), Commands.Alarms.Clear.Make() },
        Report.Make(),
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
        new Command("keys", "Operator keys and their roles.")
        {
            Commands.Keys.Add.Make(), Commands.Keys.List.Make(), Commands.Keys.Revoke.Make(), Commands.Keys.WhoAmI.Make(),
        },
        new Command("audit", "What operators have changed.") { Commands.Audit.List.Make() },
        new Command("mqtt", "An external MQTT broker.") { Commands.Mqtt.Export.Make() },
        Commands.Backup.Make(),
        Commands.Restore.Make(),
        Commands.Export.Make(),
        Commands.Import.Make(),
        Commands.Reopen.Make(),
        Simulate.Make(),
        Doctor.Make(),
    };
}
