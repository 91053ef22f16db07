using Charging.Ops.V1;
using Charging.Server.Cards;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.CardService.</summary>
public sealed class CardOpsRpc(IStore store, Cards.Cards cards) : CardService.CardServiceBase
{
    /// <inheritdoc/>
    public override async Task<IssueCardsResponse> IssueCards(IssueCardsRequest request, ServerCallContext context) =>
        new() { Issued = (await cards.IssueAsync(request.Read())).OrBound() };

    /// <inheritdoc/>
    public override async Task<ListCardsResponse> ListCards(ListCardsRequest request, ServerCallContext context)
    {
        var page = await store.PageAsync(CardTables.Cards.ByKey, Paging.Read(request.PageSize, request.PageToken));
        var phones = await store.PhonesAsync(page.Items.Where(card => card.UserId is not null).Select(card => card.UserId!.Value));
        return new ListCardsResponse
        {
            Cards = { page.Items.Select(card => card.ToWire(card.UserId is { } id ? phones[id].ToString() : "")) },
            NextPageToken = page.NextToken,
        };
    }
}
