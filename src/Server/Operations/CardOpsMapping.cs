using System.Globalization;
using Charging.Ops.V1;
using Charging.Server.Calls;
using Charging.Server.Cards;

namespace Charging.Server.Operations;

/// <summary>Cards on the wire of the operators.</summary>
internal static class CardOpsMapping
{
    private const int MaxAtOnce = 200;

    /// <summary>The numbers to issue, or INVALID_ARGUMENT.</summary>
    public static IReadOnlyCollection<CardNo> Read(this IssueCardsRequest request)
    {
        if (request.CardNos.Count is 0 or > MaxAtOnce)
            throw Refusal.Invalid($"card_nos holds {request.CardNos.Count} numbers: give 1 to {MaxAtOnce} in one call.");
        return [.. request.CardNos.Select(text => CardNo.TryParse(text, out var number)
            ? number
            : throw Refusal.Invalid($"card_nos holds '{Refusal.Shown(text)}', which is no card number: give 1 to {CardNo.MaxLength} characters without blanks."))];
    }

    /// <summary>How many were issued, or FAILED_PRECONDITION.</summary>
    public static int OrBound(this Result<int> issued) => issued.IsOk
        ? issued.Value
        : throw Refusal.Conflict("One of the numbers is a physical card that a rider has bound, and none was issued: leave it out.");

    /// <summary>A card number, or INVALID_ARGUMENT.</summary>
    public static CardNo ToCardNo(this string text) =>
        CardNo.TryParse(text, out var number) ? number : throw Refusal.Invalid($"card_no '{Refusal.Shown(text)}' is no card number: give 1 to {CardNo.MaxLength} characters without blanks.");

    /// <summary>Insists that a card was bound.</summary>
    public static void OrUnbound(this Result<Cards.Card> bound, CardNo number)
    {
        if (bound.IsOk)
            return;
        throw bound.Code switch
        {
            _ when ReferenceEquals(bound.Code, ResultCode.CardNotFound) => Refusal.NotFound($"Virtual card {number} was not issued or is blocked: 'cards issue' issues it."),
            _ when ReferenceEquals(bound.Code, ResultCode.VirtualCardBound) => Refusal.Conflict($"Card {number} is bound already, or the rider has a virtual card: unbind that first."),
            _ => Refusal.Conflict($"Card {number} is another rider's, is blocked, has no card's form, or the rider has {Cards.Cards.MaxPerRider} cards: unbind or unblock it first."),
        };
    }

    /// <summary>What a change is about.</summary>
    public static string Subject(CardNo number) => $"card:{number}";

    /// <summary>What is listed.</summary>
    public static Func<Cards.Card, bool>? Fits(this ListCardsRequest request)
    {
        var kind = request.Kind switch
        {
            Ops.V1.CardKind.Unspecified => (Cards.CardKind?)null,
            Ops.V1.CardKind.Physical => Cards.CardKind.Physical,
            Ops.V1.CardKind.Virtual => Cards.CardKind.Virtual,
            _ => throw Refusal.Invalid($"kind is {(int)request.Kind}: give a value of CardKind."),
        };
        return kind is null && !request.Blocked ? null : card => (kind is null || card.Kind == kind) && (!request.Blocked || card.Blocked);
    }

    /// <summary>A card, and the phone of its owner.</summary>
    public static Ops.V1.Card ToWire(this Cards.Card card, string phone) => new()
    {
        CardNo = card.Number,
        Kind = card.Kind == Cards.CardKind.Virtual ? Ops.V1.CardKind.Virtual : Ops.V1.CardKind.Physical,
        Phone = phone,
        Blocked = card.Blocked,
        BlockedReason = card is { Blocked: true, FarApart: { } farApart }
            ? $"Used at {farApart.First.Device} at {Time(farApart.First)} and at {farApart.Second.Device} at {Time(farApart.Second)} (Beijing time)."
            : "",
        DailyLimitFen = card.DailyLimitFen,
    };

    private static string Time(Cards.CardUse use) => Shanghai.At(use.At).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
