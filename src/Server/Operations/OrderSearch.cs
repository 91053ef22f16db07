using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>What orders are searched by; null is anything.</summary>
internal sealed record OrderFilter(DeviceNo? Device, long? UserId, OrderState? State, bool InTrouble)
{
    /// <summary>The plug.</summary>
    public int? Plug { get; init; }

    /// <summary>The card that pays, as it was bound.</summary>
    public string? CardNo { get; init; }

    /// <summary>Made at this time or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Made before this time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Whether an order fits.</summary>
    public bool Fits(Order order) =>
        (Device is null || order.Plug.Device == Device)
        && (Plug is null || order.Plug.Number == Plug)
        && (UserId is null || order.UserId == UserId)
        && (CardNo is null || order.CardNo == CardNo)
        && (State is null || order.State == State)
        && (!InTrouble || order.Trouble is not null)
        && (From is null || order.CreatedAt >= From)
        && (To is null || order.CreatedAt < To);

    /// <summary>Those that may fit, by the time at which they were made, the newest first.</summary>
    public KeyRange Times => new(From is { } from ? DueRows.Time(from) : "", To is { } to ? DueRows.Time(to) : KeyRange.End, Descending: true);
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
            { UserId: { } userId } => store.PageAsync(OrderTables.ByRider, cursor, KeyRange.Prefix(AccountTables.Key(userId), descending: true), fits),
            { InTrouble: true } => store.PageAsync(OrderTables.InTrouble, cursor, filter.Times, fits),
            _ => store.PageAsync(OrderTables.ByTime, cursor, filter.Times, fits),
        };
    }
}
