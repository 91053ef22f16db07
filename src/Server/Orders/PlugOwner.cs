using Charging.MqttBroker;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>An order as a pile names it. A pile speaks for its own orders only.</summary>
/// <param name="Device">The pile that speaks.</param>
/// <param name="OrderNo">The order that it names; may be anything.</param>
public readonly record struct PlugOwner(DeviceNo Device, string OrderNo)
{
    /// <summary>The order, or null when there is none of that number on this pile.</summary>
    public async ValueTask<Order?> OrderAsync(ITransaction tx) =>
        Orders.OrderNo.TryParse(OrderNo, out var orderNo)
        && await tx.GetAsync(OrderTables.Orders, orderNo.ToString()) is { } order
        && order.Plug.Device == Device
            ? order
            : null;
}
