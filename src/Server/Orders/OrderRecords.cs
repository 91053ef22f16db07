using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Cards;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>A page of a rider's list.</summary>
/// <param name="Number">Number of the page, from 1.</param>
/// <param name="Size">Orders on it, 1 to 100.</param>
public readonly record struct PageRequest(int Number, int Size);

/// <summary>A page of orders, newest first, and how many there are on all pages.</summary>
public sealed record OrderList(IReadOnlyList<Order> Orders, int Total);

/// <summary>The rider's paid orders (contract section 13).</summary>
public sealed class OrderRecords(IStore store)
{
    /// <summary>
    /// A page of the caller's list. Pages are ranges of list numbers, so that no page costs more than another.
    /// </summary>
    public Task<Result<OrderList>> PageAsync(Caller caller, PageRequest page) => store.RunAsync<Result<OrderList>>(async tx =>
    {
        if (await tx.GetAsync(AccountTables.Users, AccountTables.Key(caller.UserId)) is not { } user)
            return ResultCode.Unauthenticated;
        var newest = user.PaidOrders - ((long)page.Number - 1) * page.Size;
        if (newest < 1)
            return new OrderList([], user.PaidOrders);
        var oldest = (int)Math.Max(1, newest - page.Size + 1);
        var range = new KeyRange(OrderTables.ListKey(user.Id, oldest), OrderTables.ListKey(user.Id, (int)newest), Descending: true);
        var orders = await tx.ListAsync(OrderTables.ByRider, range, page.Size);
        return new OrderList([.. orders.Select(order => Masked(order, user))], user.PaidOrders);
    });

    // A card's number is enough to pay with it.
    private static Order Masked(Order order, User user) =>
        order.CardNo is { } number && order.CreatedAt < user.Lock?.Since ? order with { CardNo = Card.Mask(number) } : order;
}
