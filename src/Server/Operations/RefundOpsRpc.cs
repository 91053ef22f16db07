using Charging.Ops.V1;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.RefundService.</summary>
internal sealed class RefundOpsRpc(IStore store, Changes changes) : RefundService.RefundServiceBase
{
    // What is owed is a due row, of which there are few; the key begins with its kind.
    private static readonly string DuePrefix = DueRow.KeyOf(DueKind.Refund, "");

    /// <inheritdoc/>
    public override async Task<ListRefundsResponse> ListRefunds(ListRefundsRequest request, ServerCallContext context)
    {
        var cursor = Paging.Read(request.PageSize, request.PageToken);
        var (numbers, next) = request.Owed || request.InTrouble ? await OwedAsync(cursor) : await AllAsync(cursor);
        var found = (await OwedRefund.ReadAsync(store, numbers)).Where(owed => !request.InTrouble || owed.Trouble is not null).ToList();
        var phones = await store.PayersAsync(found.Select(owed => owed.Refund.OrderNo.ToString()));
        return new ListRefundsResponse { Refunds = { found.Select(owed => owed.ToWire(phones.GetValueOrDefault(owed.Refund.OrderNo.ToString(), ""))) }, NextPageToken = next };
    }

    /// <inheritdoc/>
    public override async Task<RetryRefundResponse> RetryRefund(RetryRefundRequest request, ServerCallContext context)
    {
        var number = request.RefundNo.ToRefundNo();
        return await changes.MakeAsync(context, new Deed($"refund:{number}", request.Reason.ToAnyReason()), async tx =>
            new Made<RetryRefundResponse>((await Refunds.RetryAsync(tx, number)).OrNotOwed(number), "The provider is asked now."));
    }

    private async Task<(IReadOnlyList<string> Numbers, string Next)> OwedAsync(Cursor cursor)
    {
        var page = await store.PageAsync(DueRows.Table.ByKey, cursor, KeyRange.Prefix(DuePrefix, descending: true));
        return ([.. page.Items.Select(row => row.Subject)], page.NextToken);
    }

    private async Task<(IReadOnlyList<string> Numbers, string Next)> AllAsync(Cursor cursor)
    {
        var page = await store.PageAsync(Payments.Refund.Table.ByKey, cursor, KeyRange.Prefix("", descending: true));
        return ([.. page.Items.Select(refund => refund.No)], page.NextToken);
    }
}
