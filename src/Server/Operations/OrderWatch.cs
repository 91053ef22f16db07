using System.Runtime.CompilerServices;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Grpc.Core;
using Order = Charging.Server.Orders.Order;

namespace Charging.Server.Operations;

/// <summary>The stream of orders.</summary>
internal sealed class OrderWatch(IStore store, Feeds feeds, Watching watching, BusyPlugIndex busyPlugs)
{
    /// <summary>Runs a stream to its end.</summary>
    public Task RunAsync(WatchOrdersRequest request, IServerStreamWriter<WatchOrdersResponse> reader, ServerCallContext context)
    {
        var device = request.DeviceNo.Length == 0 ? (DeviceNo?)null : request.DeviceNo.ToDeviceNo();
        // Of an order that was in trouble the reader has to hear that it is not any more.
        var told = new HashSet<OrderNo>();
        return watching.RunAsync(
            context,
            feeds.Orders,
            cancel => PresentAsync(device, request.InTrouble, cancel),
            async (part, cancel) =>
            {
                if (part.Reset)
                    told.Clear();
                var orders = part.Items.Where(order => (device is null || order.Plug.Device == device) && (!request.InTrouble || Concerns(told, order))).ToList();
                if (orders.Count == 0 && part.Items.Count > 0 && part is { Reset: false, CaughtUp: false })
                    return;
                var answer = new WatchOrdersResponse { Reset = part.Reset, CaughtUp = part.CaughtUp, Orders = { await store.ToWireAsync(orders) } };
                await reader.WriteAsync(answer, cancel);
            });
    }

    private static bool Concerns(HashSet<OrderNo> told, Order order)
    {
        if (order.Trouble is null)
            return told.Remove(order.No);
        told.Add(order.No);
        return true;
    }

    private async IAsyncEnumerable<Order> PresentAsync(DeviceNo? device, bool inTrouble, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<OrderNo>();
        await foreach (var order in store.ScanAsync(OrderTables.InTrouble, cancellationToken))
        {
            if (device is null || order.Plug.Device == device)
                yield return order;
            seen.Add(order.No);
        }
        if (inTrouble)
            yield break;
        var live = busyPlugs.All.Where(busy => device is null || busy.Plug.Device == device).Select(busy => busy.OrderNo).Where(number => !seen.Contains(number));
        foreach (var some in live.ToList().Chunk(200))
        {
            var orders = await store.RunAsync(
                async tx =>
                {
                    var found = new List<Order>();
                    foreach (var number in some)
                    {
                        if (await tx.GetAsync(OrderTables.Orders, number.ToString()) is { } order)
                            found.Add(order);
                    }
                    return found;
                },
                cancellationToken);
            foreach (var order in orders)
                yield return order;
        }
    }
}
