using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Charging.PileSimulator;

namespace Charging.Client.Cli.Commands;

/// <summary>`simulate`.</summary>
internal static class Simulate
{
    /// <summary>The command's name.</summary>
    public const string Name = "simulate";

    private const double MostPerHour = 100_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private static readonly JsonSerializerOptions JsonForm =
        new(JsonSerializerDefaults.Web) { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    private static readonly Option<int> Piles = Number("--piles", "How many piles.", 10).InRange(1, 10_000);
    private static readonly Option<string> Pile = new("--pile")
    {
        Description = "Only this pile, which is registered already, with its --secret.",
        HelpName = "device-no",
    };

    private static readonly Option<string> Secret = new("--secret") { Description = "What 'piles add' has shown for --pile.", HelpName = "secret" };
    private static readonly Option<int> Plugs = Number("--plugs", "Plugs of each pile that is new.", 10).InRange(1, 99);
    private static readonly Option<string[]> Cards = new("--card")
    {
        Description = "A card that is held to the readers; may be given several times. Without any, nobody swipes.",
        HelpName = "card-no",
    };

    private static readonly Option<double> Swipes = Rate("--swipes-per-hour", "Card swipes, per pile and hour.", 6);
    private static readonly Option<double> Unplugs = Rate("--unplugs-per-hour", "Vehicles unplugged while they may be charging, per pile and hour.", 0);
    private static readonly Option<double> Reboots = Rate("--reboots-per-hour", "Reboots, per pile and hour.", 0);
    private static readonly Option<double> LostLinks = Rate("--lost-links-per-hour", "Links lost for 20 s, per pile and hour.", 0);
    private static readonly Option<double> SlowAnswers = new Option<double>("--slow-answers")
    {
        Description = "Share of the commands that are answered too late, 0 to 1.",
        HelpName = "share",
    }.InRange(0, 1);

    private static readonly Option<double> Speed = new Option<double>("--speed")
    {
        Description = "How many times sooner than at its limit a charge ends.",
        DefaultValueFactory = _ => 1,
        HelpName = "factor",
    }.InRange(0.001, 100_000);

    private static readonly Option<PileEncoding> Encoding = new Option<PileEncoding>("--encoding") { Description = "How the piles write." }.ByName();
    private static readonly Option<int> Seed = Number("--seed", "The same seed gives the same events at the same times.", 0);
    private static readonly Option<TimeSpan?> Duration = new("--duration")
    {
        Description = "How long, such as 00:10:00; without it until Ctrl+C.",
        HelpName = "hh:mm:ss",
        CustomParser = ReadDuration,
    };
    private static readonly Option<string> Mqtt = new("--mqtt")
    {
        Description = "Where the piles connect, mqtts://host:port for TLS; by default where the server says.",
        HelpName = "host:port",
    };

    private static readonly Option<bool> TrustAny = new("--trust-any-certificate") { Description = "Takes any certificate of the MQTT port, such as a self-signed one." };

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command(
        Name,
        """
        Runs simulated piles against the server, over MQTT like real ones, until the time is up or Ctrl+C.

        The piles are 5100000001, 5100000002, and so on. Those that are not registered are; the others get a new secret.
        Or it is one of your own, with --pile and --secret.
        A vehicle stands at every plug, and a new one comes 5 s after each charge. Riders charge by the mini-program's
        routes or by --card: issue the card, bind it to a rider, and put money on the rider's balance first.
        """)
    {
        Piles, Pile, Secret, Plugs, Cards, Swipes, Unplugs, Reboots, LostLinks, SlowAnswers, Speed, Encoding, Seed, Duration, Mqtt, TrustAny,
    }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var broker = await BrokerPlace.FindAsync(session, session.Parse.GetValue(Mqtt), cancel);
        var registered = session.Parse.GetValue(Pile) is { } own
            ? await SimulatedRegistration.FindAsync(session, own, session.Parse.GetValue(Secret), cancel)
            : await SimulatedRegistration.RunAsync(session, session.Parse.GetValue(Piles), session.Parse.GetValue(Plugs), cancel);
        await using var fleet = new SimulatedFleet(FleetOptions(session.Parse, broker, registered));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (session.Parse.GetValue(Duration) is { } duration)
            end.CancelAfter(duration);
        var running = fleet.RunAsync(end.Token);
        await ReportAsync(session, fleet, end.Token);
        await running;
        return Conclude(session, fleet, broker);
    }

    private static SimulatedFleetOptions FleetOptions(ParseResult parse, BrokerPlace broker, IReadOnlyDictionary<PileIdentity, int> piles) => new()
    {
        Piles = [.. piles.Keys.OrderBy(pile => pile.DeviceNo, StringComparer.Ordinal)],
        PileOptions = pile => new SimulatedPileOptions
        {
            Host = broker.Host,
            Port = broker.Port,
            UseTls = broker.Tls,
            TrustAnyCertificate = parse.GetValue(TrustAny),
            DeviceNo = pile.DeviceNo,
            Secret = pile.Secret,
            PlugCount = piles[pile],
            Encoding = parse.GetValue(Encoding),
            Speed = parse.GetValue(Speed),
            NextVehicleAfter = TimeSpan.FromSeconds(5),
        },
        Cards = parse.GetValue(Cards) ?? [],
        Seed = parse.GetValue(Seed),
        SwipesPerHour = parse.GetValue(Cards) is { Length: > 0 } ? parse.GetValue(Swipes) : 0,
        UnplugsPerHour = parse.GetValue(Unplugs),
        RebootsPerHour = parse.GetValue(Reboots),
        LostLinksPerHour = parse.GetValue(LostLinks),
        SlowAnswers = parse.GetValue(SlowAnswers),
    };

    private static async Task ReportAsync(Session session, SimulatedFleet fleet, CancellationToken end)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(end))
            {
                if (!session.Json)
                    session.Console.Line(Counts(fleet.Totals));
            }
        }
        catch (OperationCanceledException)
        {
            // The time is up.
        }
    }

    private static int Conclude(Session session, SimulatedFleet fleet, BrokerPlace broker)
    {
        var totals = fleet.Totals;
        if (session.Json)
            session.Output.WriteLine(JsonSerializer.Serialize(totals, JsonForm));
        else
            session.Console.Line(Counts(totals));
        if (totals.Totals.Connections == 0)
            throw new CliException($"No pile could connect to {broker.Host}:{broker.Port} ({fleet.Piles[0].LinkError ?? "it did not answer"}): name the MQTT port with --mqtt host:port.");
        if (totals.Totals.Unreadable > 0)
            throw new CliException($"The server sent {totals.Totals.Unreadable} messages that the piles could not read: that is a fault of the server.");
        return 0;
    }

    private static string Counts(FleetTotals fleet) =>
        $"{fleet.Connected} of {fleet.Piles} piles connected; charges: {fleet.Totals.ChargesStarted} started, {fleet.Totals.ChargesEnded} ended; "
        + $"swipes: {fleet.Swipes}, {fleet.Totals.SwipesAccepted} accepted, {fleet.Totals.SwipesRefused} refused; commands rejected: {fleet.Totals.CommandsRejected}, "
        + $"answered late: {fleet.Totals.SlowAnswers}; unplugged: {fleet.Unplugs}; reboots: {fleet.Reboots}; lost links: {fleet.LostLinks}";

    private static Option<int> Number(string name, string description, int value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value, HelpName = "number" };

    private static Option<double> Rate(string name, string description, double value) =>
        new Option<double>(name) { Description = description, DefaultValueFactory = _ => value, HelpName = "number" }.InRange(0, MostPerHour);

    // A bare number would be days to the usual parser.
    private static TimeSpan? ReadDuration(ArgumentResult result)
    {
        if (TimeSpan.TryParseExact(result.Tokens[0].Value, @"h\:mm\:ss", CultureInfo.InvariantCulture, out var duration))
            return duration;
        result.AddError($"--duration '{result.Tokens[0].Value}' is not a time: give hh:mm:ss, such as 00:10:00.");
        return null;
    }
}
