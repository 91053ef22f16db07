using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Cards;

/// <summary>`cards list`.</summary>
internal static class List
{
    private static readonly Option<int> Limit = Pages.Limit();

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("list", "Lists the cards and whose they are.") { Limit }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var (cards, rest) = await Pages.ReadAsync<Card>(session.Parse.GetValue(Limit), async (size, token) =>
        {
            var request = new ListCardsRequest { PageSize = size, PageToken = token };
            var page = await session.Cards.ListCardsAsync(request, cancellationToken: cancel);
            return (page.Cards, page.NextPageToken);
        });
        session.Write(new ListCardsResponse { Cards = { cards }, NextPageToken = rest }, console =>
        {
            var table = Format.Columns("card", "kind", "rider", "");
            foreach (var card in cards)
                table.Row(card.CardNo, Format.Name(card.Kind), Format.OrNone(card.Phone), card.Blocked ? "blocked" : "");
            console.Write(table);
            console.Line(Pages.Foot(cards.Count, rest, "cards"));
        });
        return 0;
    }
}
