using Charging.Ops.V1;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.OrderService.</summary>
internal sealed class OrderOpsRpc(IStore store, DarkOrders dark, OrderActions actions, OrderTimeline timeline, OrderWatch watch) : OrderService.OrderServiceBase
{
    /// <inheritdoc/>
    public override async Task<ListOrdersResponse> ListOrders(ListOrdersRequest request, ServerCallContext context)
    {
        var (filter, cursor) = (await FilterAsync(request), Paging.Read(request.PageSize, request.PageToken));
        if (request.OrderNo.Length > 0)
        {
            var order = await store.RunAsync(tx => tx.GetAsync(Orders.OrderTables.Orders, request.OrderNo.ToOrderNo().ToString()));
            return new ListOrdersResponse { Orders = { await store.ToWireAsync(order is not null && filter.Fits(order) ? [order] : []) } };
        }
        var page = request.PileOffline ? await dark.PageAsync(filter, cursor) : await store.SearchAsync(filter, cursor);
        return new ListOrdersResponse { Orders = { await store.ToWireAsync(page.Items) }, NextPageToken = page.NextToken };
    }

    /// <inheritdoc/>
    public override async Task<GetOrderResponse> GetOrder(GetOrderRequest request, ServerCallContext context) =>
        new() { Order = await ToWireAsync(await actions.FindAsync(request.OrderNo.ToOrderNo())) };

    /// <inheritdoc/>
    public override async Task<GetOrderTimelineResponse> GetOrderTimeline(GetOrderTimelineRequest request, ServerCallContext context) =>
        new() { Entries = { await timeline.OfAsync(await actions.FindAsync(request.OrderNo.ToOrderNo())) } };

    /// <inheritdoc/>
    public override Task WatchOrders(WatchOrdersRequest request, IServerStreamWriter<WatchOrdersResponse> responseStream, ServerCallContext context) =>
        watch.RunAsync(request, responseStream, context);

    /// <inheritdoc/>
    public override async Task<ForceEndOrderResponse> ForceEndOrder(ForceEndOrderRequest request, ServerCallContext context) =>
        new() { Order = await ToWireAsync(await actions.ForceEndAsync(context, request.OrderNo, request.Reason)) };

    /// <inheritdoc/>
    public override async Task<RefundOrderResponse> RefundOrder(RefundOrderRequest request, ServerCallContext context) =>
        new() { Order = await ToWireAsync(await actions.RefundAsync(context, request)) };

    /// <inheritdoc/>
    public override async Task<RetryOrderResponse> RetryOrder(RetryOrderRequest request, ServerCallContext context)
    {
        var (order, kinds) = await actions.RetryAsync(context, request.OrderNo, request.Reason);
        return new RetryOrderResponse { Order = await ToWireAsync(order), Kinds = { kinds.Select(kind => kind.ToString()) } };
    }

    /// <inheritdoc/>
    public override async Task<ResolveOrderResponse> ResolveOrder(ResolveOrderRequest request, ServerCallContext context) =>
        new() { Order = await ToWireAsync(await actions.ResolveAsync(context, request)) };

    private async Task<OrderFilter> FilterAsync(ListOrdersRequest request) => new(
        request.DeviceNo.Length == 0 ? null : request.DeviceNo.ToDeviceNo(),
        request.Phone.Length == 0 ? null : (await store.RunAsync(tx => tx.RiderAsync(request.Phone.ToPhone()))).Id,
        request.State.ToDomain(),
        request.InTrouble)
    {
        Plug = request.Plug is >= 0 and <= Piles.Pile.MaxPlugs ? request.Plug == 0 ? null : request.Plug : throw Refusal.Invalid($"plug is {request.Plug}: give 1 to {Piles.Pile.MaxPlugs}, or 0 for any."),
        CardNo = request.CardNo.Length == 0 ? null : request.CardNo.ToCardNo().ToString(),
        From = request.From.ToTime("from"),
        To = request.To.ToTime("to"),
    };

    private async Task<Order> ToWireAsync(Orders.Order order) => (await store.ToWireAsync([order])).Single();
}
