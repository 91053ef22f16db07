using System.Globalization;
using Charging.Server.Accounts;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>A plug that an order has. There is no row for a free plug.</summary>
public sealed record BusyPlug
{
    /// <summary>The plug.</summary>
    public required PlugId Plug { get; init; }

    /// <summary>The order.</summary>
    public required OrderNo OrderNo { get; init; }

    /// <summary>The rider.</summary>
    public required long UserId { get; init; }

    /// <summary>Until when it is kept for an unpaid order, UTC; null once the order is paid. Judged at reading.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>When the start command first went out, UTC; null before.</summary>
    public DateTimeOffset? StartSentAt { get; init; }

    /// <summary>Whether the plug is free again, although nobody has taken the row away yet.</summary>
    public bool IsOver(DateTimeOffset now) => Until <= now;
}

/// <summary>Where orders are kept.</summary>
public static class OrderTables
{
    /// <summary>Orders by number.</summary>
    public static readonly Table<Order> Orders = new("orders", StoreJson.Default.Order, order => order.No.ToString());

    /// <summary>The paid orders of each rider by list number.</summary>
    public static readonly Index<Order> ByRider = Orders.Index(
        "rider",
        order => order.ListNumber == 0 ? null : ListKey(order.UserId, order.ListNumber));

    /// <summary>All orders by the time at which they were made.</summary>
    public static readonly Index<Order> ByTime = Orders.Index("time", order => $"{DueRows.Time(order.CreatedAt)} {order.No}");

    /// <summary>Orders that wait for an operator.</summary>
    public static readonly Index<Order> InTrouble = Orders.Index(
        "trouble",
        order => order.Trouble is null ? null : $"{DueRows.Time(order.CreatedAt)} {order.No}");

    /// <summary>Plugs that an order has, by plug.</summary>
    public static readonly Table<BusyPlug> BusyPlugs = new("busy_plugs", StoreJson.Default.BusyPlug, busy => busy.Plug.ToString(), isResident: true);

    /// <summary>What paying an order reads: the order, its plug, its rider, and the entry that there must not be yet.</summary>
    public static (ITable Table, string Key)[] RowsOf(OrderNo orderNo, PlugId plug, long userId) =>
    [
        (Orders, orderNo.ToString()),
        (BusyPlugs, plug.ToString()),
        (AccountTables.Users, AccountTables.Key(userId)),
        (Ledger.Entries, Ledger.HoldKey(orderNo)),
    ];

    /// <summary>Place of an order in its rider's list.</summary>
    public static string ListKey(long userId, int listNumber) =>
        string.Create(CultureInfo.InvariantCulture, $"{userId:D10}{listNumber:D8}");
}
