using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>
/// Orders whose start was sent to a pile that is offline now. They end by themselves, when the pile is back or at the latest
/// some minutes past their limit; until then nobody knows how they go on, and an operator may want to end them.
/// </summary>
internal sealed class DarkOrders(IStore store, BusyPlugIndex busyPlugs, Board board)
{
    /// <summary>Their numbers, the newest first. Touches no disk.</summary>
    public IReadOnlyList<string> Numbers() =>
    [
        .. busyPlugs.All.Where(busy => busy.StartSentAt is not null && !board.IsOnline(busy.Plug.Device))
            .Select(busy => busy.OrderNo.ToString()).OrderDescending(StringComparer.Ordinal),
    ];

    /// <summary>A page of them.</summary>
    public async Task<Page<Order>> PageAsync(OrderFilter filter, Cursor cursor)
    {
        var rest = Numbers().Where(number => cursor.After.Length == 0 || string.CompareOrdinal(number, cursor.After) < 0).Take(cursor.Size + 1).ToList();
        var shown = rest.Take(cursor.Size).ToList();
        var orders = await store.RunAsync(async tx =>
        {
            var found = new List<Order>();
            foreach (var number in shown)
            {
                if (await tx.GetAsync(OrderTables.Orders, number) is { } order && filter.Fits(order))
                    found.Add(order);
            }
            return found;
        });
        return new Page<Order>(orders, rest.Count > shown.Count ? Paging.TokenAfter(shown[^1]) : "");
    }
}
