using System.CommandLine;
using Charging.Ops.V1;
using Spectre.Console;

namespace Charging.Client.Cli.Commands.Cards;

/// <summary>`cards show`.</summary>
internal static class Show
{
    private static readonly Argument<string> Number = new("card-no") { Description = "The card, in any of its spellings." };

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("show", "Shows a card.") { Number }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var answer = await session.Cards.GetCardAsync(new GetCardRequest { CardNo = session.Parse.GetValue(Number) }, cancellationToken: cancel);
        session.Write(answer, console => Write(console, answer.Card));
        return 0;
    }

    /// <summary>Writes a card.</summary>
    public static void Write(IAnsiConsole console, Card card) => console.Fields(
        ("card", card.CardNo), ("kind", Format.Name(card.Kind)), ("rider", Format.OrNone(card.Phone)),
        ("blocked", card.BlockedReason.Length > 0 ? card.BlockedReason : card.Blocked ? "yes" : "no"),
        ("rider's daily limit ¥", card.DailyLimitFen > 0 ? Format.Yuan(card.DailyLimitFen) : "none"));
}
