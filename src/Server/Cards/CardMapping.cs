using Charging.Miniprogram.V1;
using Charging.Server.Calls;

namespace Charging.Server.Cards;

/// <summary>Reads the requests of the cards, and writes their answers.</summary>
internal static class CardMapping
{
    public static Result<CardNo> ToCardNo(this BindCardRequest request) => Parse(request.Body?.CardNo);

    public static Result<CardNo> ToCardNo(this UnbindCardRequest request) => Parse(request.Body?.CardNo);

    public static IEnumerable<Miniprogram.V1.Card> ToMessages(this IEnumerable<Card> cards) =>
        cards.Select(card => new Miniprogram.V1.Card { CardNo = card.Number });

    private static Result<CardNo> Parse(string? text) => CardNo.TryParse(text, out var number) ? number : ResultCode.InvalidArgument;
}
