using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Cards;

/// <summary>`cards unblock`.</summary>
internal static class Unblock
{
    private static readonly Argument<string> Number = new("card-no") { Description = "The card, in any of its spellings." };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("unblock", "Takes the block from a card.") { Number, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var request = new UnblockCardRequest { CardNo = session.Parse.GetValue(Number), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Cards.UnblockCardAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Card));
        return 0;
    }
}
