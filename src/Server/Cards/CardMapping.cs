using Charging.Miniprogram.V1;
using Charging.Server.Calls;
using Charging.Server.Payments;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Server.Cards;

/// <summary>A daily limit that a rider wants for a card.</summary>
/// <param name="Number">The card.</param>
/// <param name="Fen">The limit, in fen; 0 for none.</param>
public readonly record struct WantedLimit(CardNo Number, long Fen);

/// <summary>Reads the requests of the cards, and writes their answers.</summary>
internal static class CardMapping
{
    public static Result<CardNo> ToCardNo(this BindCardRequest request) => Parse(request.Body?.CardNo);

    public static Result<CardNo> ToCardNo(this UnbindCardRequest request) => Parse(request.Body?.CardNo);

    public static Result<WantedLimit> ToLimit(this SetCardLimitRequest request, int maxFen) => Parse(request.Body?.CardNo).Then<WantedLimit>(number =>
        TryParseLimit(request.Body!.DailyLimit, maxFen, out var fen) ? new WantedLimit(number, fen) : ResultCode.InvalidArgument);

    public static bool WantsDetail(this GetCardnoRequest request) => request.Detail || request.Body?.Detail == true;

    public static IEnumerable<Miniprogram.V1.Card> ToMessages(this CardList list, bool withDetail) => list.Cards.Select(card =>
    {
        // A number is enough to pay, and whoever has the phone now may not be the owner.
        var isLocked = card.IsLocked(list.Owner);
        var message = new Miniprogram.V1.Card { CardNo = isLocked ? Card.Mask(card.Number) : card.Number };
        if (!withDetail)
            return message;
        message.State = isLocked ? "locked" : card switch { { Blocked: false } => "active", { FarApart: null } => "blocked", _ => "usedFarApart" };
        message.DailyLimit = Fen.ToYuan(card.DailyLimitFen);
        message.UsedToday = Fen.ToYuan(card.PaidOn(list.Today));
        return message;
    });

    private static Result<CardNo> Parse(string? text) => CardNo.TryParse(text, out var number) ? number : ResultCode.InvalidArgument;

    private static bool TryParseLimit(Value? value, int maxFen, out long fen)
    {
        fen = 0;
        return value is { NumberValue: 0, KindCase: Value.KindOneofCase.NumberValue } or { StringValue: "0" } || Fen.TryParseYuan(value, maxFen, out fen);
    }
}
