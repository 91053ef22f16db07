using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Cards;

/// <summary>`cards block`.</summary>
internal static class Block
{
    private static readonly Argument<string> Number = new("card-no") { Description = "The card, in any of its spellings." };
    private static readonly Option<string> Reason = Why.Needed();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("block", "Blocks a card: it starts no charge any more, and nobody can bind it.") { Number, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        Confirm.Ask(session, $"Block card {session.Parse.GetValue(Number)}?");
        var request = new BlockCardRequest { CardNo = session.Parse.GetValue(Number), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Cards.BlockCardAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Card));
        return 0;
    }
}
