using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Tariffs;

/// <summary>`tariffs set`.</summary>
internal static class Set
{
    private static readonly Argument<string> Name = new("name") { Description = "Its name, 1 to 32 characters." };
    private static readonly Option<TariffUnit> Per = new Option<TariffUnit>("--per") { Description = "What is priced.", DefaultValueFactory = _ => TariffUnit.Hour }.ByName();
    private static readonly Option<int> Electricity = Fen("--electricity", "Price of an hour or a kWh, in fen; with tiers, above the last one (0: the pile ends such a charge).");
    private static readonly Option<int> Service = Fen("--service", "Service fee of an hour or a kWh, in fen.");
    private static readonly Option<PowerTier[]> Tiers = new("--tier")
    {
        Description = "Up to how many watts an hour costs how many fen, and the service fee: 200:20 or 200:20:5. May be given again.",
        HelpName = "watts:fen[:fen]",
        CustomParser = ReadTiers,
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<int?> Minimum = new("--minimum") { Description = "What a charge costs at least, in fen.", HelpName = "fen" };
    private static readonly Option<int?> Cap = new("--cap") { Description = "What a charge costs at most, in fen.", HelpName = "fen" };
    private static readonly Option<int> Longest = new("--longest") { Description = "Longest charge, in seconds; twelve hours by default.", HelpName = "seconds" };
    private static readonly Option<UnusedTo> Unused = new Option<UnusedTo>("--unused-to") { Description = "Where the unused part of a payment from the phone goes.", DefaultValueFactory = _ => UnusedTo.Origin }.ByName();

    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("set", "Makes a tariff, or replaces it. Orders that are made keep the price that they were made with.")
        {
            Name, Per, Electricity, Service, Tiers, Minimum, Cap, Longest, Unused, Reason,
        }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        var tariff = new Tariff
        {
            Name = parse.GetValue(Name),
            Unit = parse.GetValue(Per),
            ElectricityFen = parse.GetValue(Electricity),
            ServiceFen = parse.GetValue(Service),
            LongestSeconds = parse.GetValue(Longest),
            UnusedTo = parse.GetValue(Unused),
        };
        tariff.Tiers.AddRange(parse.GetValue(Tiers) ?? []);
        if (parse.GetValue(Minimum) is { } minimum)
            tariff.MinimumFen = minimum;
        if (parse.GetValue(Cap) is { } cap)
            tariff.CapFen = cap;
        var answer = await session.Tariffs.SetTariffAsync(new SetTariffRequest { Tariff = tariff, Reason = session.Parse.GetValue(Reason) }, cancellationToken: cancel);
        session.Write(answer, console => TariffTable.Write(console, answer.Tariff));
        return 0;
    }

    private static Option<int> Fen(string name, string description) => new(name) { Description = description, HelpName = "fen" };

    private static PowerTier[] ReadTiers(ArgumentResult result)
    {
        var tiers = new List<PowerTier>();
        foreach (var token in result.Tokens)
        {
            int?[] parts = [.. token.Value.Split(':').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : default(int?))];
            if (parts is [{ } watts, { } fen, .. var rest] && rest is [] or [{ }])
                tiers.Add(new PowerTier { UpToW = watts, ElectricityFen = fen, ServiceFen = rest is [{ } service] ? service : 0 });
            else
                result.AddError($"--tier is '{token.Value}': give watts and fen, such as 200:20, or with the service fee 200:20:5.");
        }
        return [.. tiers];
    }
}
