using Charging.Ops.V1;
using Charging.Server.Accounts;
using Charging.Server.Cards;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.CardService.</summary>
internal sealed class CardOpsRpc(IStore store, Cards.Cards cards, Changes changes) : CardService.CardServiceBase
{
    /// <inheritdoc/>
    public override async Task<IssueCardsResponse> IssueCards(IssueCardsRequest request, ServerCallContext context)
    {
        var numbers = request.Read();
        var subject = numbers.Count == 1 ? $"card:{numbers.First()}" : $"cards:{numbers.First()}…{numbers.Last()}";
        var issued = await changes.MakeAsync(context, new Deed(subject, request.Reason.ToAnyReason(), Count: numbers.Count), async tx =>
        {
            var issued = (await cards.IssueAsync(tx, numbers)).OrBound();
            return new Made<int>(issued, $"{issued} of {numbers.Count} issued.");
        });
        return new IssueCardsResponse { Issued = issued };
    }

    /// <inheritdoc/>
    public override async Task<ListCardsResponse> ListCards(ListCardsRequest request, ServerCallContext context)
    {
        var cursor = Paging.Read(request.PageSize, request.PageToken);
        var phone = request.Phone.Length == 0 ? (Phone?)null : request.Phone.ToPhone();
        var owner = phone is { } given ? (await store.RunAsync(tx => tx.RiderAsync(given))).Id : (long?)null;
        var fits = request.Fits();
        var page = owner is { } userId
            ? await store.PageAsync(CardTables.ByOwner, cursor, KeyRange.Prefix(CardTables.OwnerPrefix(userId)), fits)
            : await store.PageAsync(CardTables.Cards.ByKey, cursor, fits);
        var phones = await store.PhonesAsync(page.Items.Where(card => card.UserId is not null).Select(card => card.UserId!.Value));
        return new ListCardsResponse
        {
            Cards = { page.Items.Select(card => card.ToWire(card.UserId is { } id ? phones[id].ToString() : "")) },
            NextPageToken = page.NextToken,
        };
    }

    /// <inheritdoc/>
    public override async Task<GetCardResponse> GetCard(GetCardRequest request, ServerCallContext context)
    {
        var number = request.CardNo.ToCardNo();
        return new GetCardResponse { Card = await store.RunAsync(async tx => await ToWireAsync(tx, await KnownAsync(tx, number))) };
    }

    /// <inheritdoc/>
    public override async Task<BlockCardResponse> BlockCard(BlockCardRequest request, ServerCallContext context) => new()
    {
        Card = await ChangeAsync(context, request.CardNo, request.Reason.ToReason(), card => card.Block(), card => card.Blocked ? "Was blocked already." : "Is blocked."),
    };

    /// <inheritdoc/>
    public override async Task<UnblockCardResponse> UnblockCard(UnblockCardRequest request, ServerCallContext context) => new()
    {
        Card = await ChangeAsync(context, request.CardNo, request.Reason.ToAnyReason(), card => card.Unblock(), card => card.Blocked ? "Is not blocked." : "Was not blocked."),
    };

    /// <inheritdoc/>
    public override async Task<UnbindCardResponse> UnbindCard(UnbindCardRequest request, ServerCallContext context) => new()
    {
        Card = await ChangeAsync(
            context, request.CardNo, request.Reason.ToAnyReason(), card => card.Free(), card => card.UserId is { } owner ? $"Taken from rider {owner}." : "Was bound to nobody."),
    };

    /// <inheritdoc/>
    public override async Task<BindCardResponse> BindCard(BindCardRequest request, ServerCallContext context)
    {
        var number = request.CardNo.ToCardNo();
        return await changes.MakeAsync(context, new Deed(CardOpsMapping.Subject(number), request.Reason.ToAnyReason()), async tx =>
        {
            var user = await tx.RiderAsync(request.UserId);
            (await cards.BindAsync(tx, user.Id, number)).OrUnbound(number);
            return new Made<BindCardResponse>(new BindCardResponse { Card = await ToWireAsync(tx, await KnownAsync(tx, number)) }, $"Bound to rider {user.Id}.");
        });
    }

    private Task<Ops.V1.Card> ChangeAsync(ServerCallContext context, string cardNo, string reason, Func<Cards.Card, Cards.Card> change, Func<Cards.Card, string> outcome)
    {
        var number = cardNo.ToCardNo();
        return changes.MakeAsync(context, new Deed(CardOpsMapping.Subject(number), reason), async tx =>
        {
            var before = await KnownAsync(tx, number);
            var card = change(before);
            Cards.Cards.Keep(tx, card);
            return new Made<Ops.V1.Card>(await ToWireAsync(tx, card), outcome(before), CardOpsMapping.Subject(CardNo.Parse(card.Number)));
        });
    }

    private async ValueTask<Cards.Card> KnownAsync(ITransaction tx, CardNo number) =>
        (await cards.FindAsync(tx, number.ToString())).OrNotFound($"No card {number} is known: 'cards list' shows those that are.");

    private static async ValueTask<Ops.V1.Card> ToWireAsync(ITransaction tx, Cards.Card card) =>
        card.ToWire(card.UserId is { } owner ? (await tx.RiderAsync(owner)).Phone.ToString() : "");
}
