using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Tariffs;

/// <summary>`tariffs quote`.</summary>
internal static class Quote
{
    private static readonly Argument<string> Name = new("name") { Description = "Name of the tariff; 'default' is that of the settings." };
    private static readonly Option<long> Paid = new("--paid") { Description = "What is paid, in fen.", HelpName = "fen", Required = true };
    private static readonly Option<int> Seconds = new("--seconds") { Description = "How long it charges.", HelpName = "seconds" };
    private static readonly Option<int> Energy = new("--energy") { Description = "Energy that it gives.", HelpName = "Wh" };
    private static readonly Option<int> Power = new("--power") { Description = "Highest power.", HelpName = "W" };

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("quote", "Shows what an amount buys by a tariff, and what a use of it costs.") { Name, Paid, Seconds, Energy, Power }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        var request = new QuoteTariffRequest
        {
            Name = parse.GetValue(Name),
            PaidFen = parse.GetValue(Paid),
            Seconds = parse.GetValue(Seconds),
            EnergyWh = parse.GetValue(Energy),
            MaxPowerW = parse.GetValue(Power),
        };
        var answer = await session.Tariffs.QuoteTariffAsync(request, cancellationToken: cancel);
        var quote = answer.Quote;
        session.Write(answer, console => console.Fields(
            ("charges for at most", Format.Duration(quote.MaxSeconds)),
            ("gives at most", quote.MaxEnergyWh == 0 ? Format.None : $"{quote.MaxEnergyWh} Wh"),
            ("at a power of at most", quote.MaxPowerW == 0 ? Format.None : $"{quote.MaxPowerW} W"),
            ("this use costs ¥", Format.Yuan(quote.UsedFen)),
            ("of it service fee ¥", Format.Yuan(quote.ServiceFen)),
            ("goes back ¥", Format.Yuan(quote.BackFen))));
        return 0;
    }
}
