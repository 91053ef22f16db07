using Charging.Miniprogram.V1;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Grpc.Core;

namespace Charging.Server.Cards;

/// <summary>Sections 4, 11, 12 and 14, and setCardLimit, on the wire.</summary>
public sealed class CardRpc(Cards cards, OrderOptions options) : CardService.CardServiceBase
{
    /// <inheritdoc/>
    public override Task<BindCardResponse> BindCard(BindCardRequest request, ServerCallContext context) =>
        request.ToCardNo().ThenAsync(number => cards.BindAsync(context.Caller(), number)).AnswerAsync<BindCardResponse>();

    /// <inheritdoc/>
    public override Task<UnbindCardResponse> UnbindCard(UnbindCardRequest request, ServerCallContext context) =>
        request.ToCardNo().ThenAsync(number => cards.UnbindAsync(context.Caller(), number)).AnswerAsync<UnbindCardResponse>();

    /// <inheritdoc/>
    public override Task<GetCardnoResponse> GetCardno(GetCardnoRequest request, ServerCallContext context) =>
        cards.ListAsync(context.Caller())
            .AnswerAsync((GetCardnoResponse answer, CardList list) => answer.Data.AddRange(list.ToMessages(request.WantsDetail())));

    /// <inheritdoc/>
    public override Task<SetCardLimitResponse> SetCardLimit(SetCardLimitRequest request, ServerCallContext context) =>
        request.ToLimit(options.LimitFen).ThenAsync(limit => cards.LimitAsync(context.Caller(), limit)).AnswerAsync<SetCardLimitResponse>();
}
