using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>What orders are searched by; null is anything.</summary>
internal sealed record OrderFilter(DeviceNo? Device, long? UserId, OrderState? State, bool InTrouble)
{
    /// <summary>Whether an order fits.</summary>
    public bool Fits(Order order) =>
        (Device is null || order.Plug.Device == Device)
        && (UserId is null || order.UserId == UserId)
        && (State is null || order.State == State)
        && (!InTrouble || order.Trouble is not null);
}

/// <summary>
/// Orders as operators search them. An index costs every order a write, so only those that are there for other reasons
/// are used, and the other filters read a bounded number of orders for each page.
/// </summary>
internal static class OrderSearch
{
    /// <summary>A page of orders, newest first.</summary>
    public static Task<Page<Order>> SearchAsync(this IStore store, OrderFilter filter, Cursor cursor)
    {
        Func<Order, bool>? fits = filter == new OrderFilter(null, null, null, false) ? null : filter.Fits;
        return filter switch
        {
            { UserId: { } userId } => store.PageAsync(OrderTables.ByRider, cursor, AccountTables.Key(userId), descending: true, fits),
            { InTrouble: true } => store.PageAsync(OrderTables.InTrouble, cursor, descending: true, fits: fits),
            _ => store.PageAsync(OrderTables.ByTime, cursor, descending: true, fits: fits),
        };
    }
}
