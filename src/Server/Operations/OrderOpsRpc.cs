using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.OrderService.</summary>
public sealed class OrderOpsRpc(IStore store) : OrderService.OrderServiceBase
{
    /// <inheritdoc/>
    public override async Task<ListOrdersResponse> ListOrders(ListOrdersRequest request, ServerCallContext context)
    {
        var page = await store.SearchAsync(await FilterAsync(request), Paging.Read(request.PageSize, request.PageToken));
        return new ListOrdersResponse { Orders = { await ToWireAsync(page.Items) }, NextPageToken = page.NextToken };
    }

    /// <inheritdoc/>
    public override async Task<GetOrderResponse> GetOrder(GetOrderRequest request, ServerCallContext context)
    {
        var number = request.OrderNo.ToOrderNo();
        var order = await store.RunAsync(tx => tx.GetAsync(OrderTables.Orders, number.ToString()));
        return new GetOrderResponse { Order = (await ToWireAsync([order.OrNotFound($"There is no order {number}: 'orders list' shows the newest.")])).Single() };
    }

    private async Task<OrderFilter> FilterAsync(ListOrdersRequest request) => new(
        request.DeviceNo.Length == 0 ? null : request.DeviceNo.ToDeviceNo(),
        request.Phone.Length == 0 ? null : await UserIdAsync(request.Phone),
        request.State.ToDomain(),
        request.InTrouble);

    private async Task<long> UserIdAsync(string phone) =>
        (await store.FindRiderAsync(phone.ToPhone()))?.User.Id ?? throw UserOpsRpc.Unregistered(phone);

    private async Task<IEnumerable<Ops.V1.Order>> ToWireAsync(IReadOnlyList<Orders.Order> orders)
    {
        var phones = await store.PhonesAsync(orders.Select(order => order.UserId));
        return orders.Select(order => order.ToWire(phones[order.UserId]));
    }
}
