using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Cards;

/// <summary>`cards bind`.</summary>
internal static class Bind
{
    private static readonly Argument<string> Number = new("card-no") { Description = "The card, in any of its spellings." };
    private static readonly Argument<string> Rider = RiderArgument.Make();
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("bind", "Binds a card for a rider.") { Number, Rider, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var user = await RiderArgument.FindAsync(session, session.Parse.GetValue(Rider)!, cancel);
        var request = new BindCardRequest { CardNo = session.Parse.GetValue(Number), UserId = user.UserId, Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Cards.BindCardAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Card));
        return 0;
    }
}
