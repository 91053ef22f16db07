using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Cards;

/// <summary>`cards list`.</summary>
internal static class List
{
    private static readonly Option<int> Limit = Pages.Limit();

    private static readonly Option<string> Phone = new("--phone") { Description = "Only of this rider.", HelpName = "phone" };
    private static readonly Option<CardKind> Kind = new Option<CardKind>("--kind") { Description = "Only of this kind." }.ByName();
    private static readonly Option<bool> Blocked = new("--blocked") { Description = "Only those that are blocked." };

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("list", "Lists the cards and whose they are.") { Phone, Kind, Blocked, Limit }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var (cards, rest) = await Pages.ReadAsync<Card>(session.Parse.GetValue(Limit), async (size, token) =>
        {
            var request = new ListCardsRequest
            {
                PageSize = size,
                PageToken = token,
                Phone = session.Parse.GetValue(Phone) ?? "",
                Kind = session.Parse.GetValue(Kind),
                Blocked = session.Parse.GetValue(Blocked),
            };
            var page = await session.Cards.ListCardsAsync(request, cancellationToken: cancel);
            return (page.Cards, page.NextPageToken);
        });
        session.Write(new ListCardsResponse { Cards = { cards }, NextPageToken = rest }, console =>
        {
            var table = Format.Columns("card", "kind", "rider", "");
            foreach (var card in cards)
                table.Row(card.CardNo, Format.Name(card.Kind), Format.OrNone(card.Phone), card.BlockedReason.Length > 0 ? "blocked: used far apart" : card.Blocked ? "blocked" : "");
            console.Write(table);
            console.Line(Pages.Foot(cards.Count, rest, "cards"));
        });
        return 0;
    }
}
