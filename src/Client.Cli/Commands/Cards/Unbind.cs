using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Cards;

/// <summary>`cards unbind`.</summary>
internal static class Unbind
{
    private static readonly Argument<string> Number = new("card-no") { Description = "The card, in any of its spellings." };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("unbind", "Takes a card from its owner.") { Number, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        Confirm.Ask(session, $"Take card {session.Parse.GetValue(Number)} from its owner?");
        var request = new UnbindCardRequest { CardNo = session.Parse.GetValue(Number), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Cards.UnbindCardAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Card));
        return 0;
    }
}
