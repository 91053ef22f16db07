using Charging.Ops.V1;
using Charging.Server.Calls;
using Charging.Server.Cards;
using Grpc.Core;

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
        : throw Refusal.Of(StatusCode.FailedPrecondition, "One of the numbers is a physical card that a rider has bound, and none was issued: leave it out.");

    /// <summary>A card, and the phone of its owner.</summary>
    public static Ops.V1.Card ToWire(this Cards.Card card, string phone) => new()
    {
        CardNo = card.Number,
        Kind = card.Kind == Cards.CardKind.Virtual ? Ops.V1.CardKind.Virtual : Ops.V1.CardKind.Physical,
        Phone = phone,
        Blocked = card.Blocked,
    };
}
