using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>
/// Finds the events of an order among those of its pile without an index, which every order would pay for: a pile counts its
/// events, so they lie in the order of time, but for those that were sent again.
/// </summary>
internal static class EventSearch
{
    private const int Slice = 200;
    private const int MostSlices = 10;
    private const int MostGenerations = 5;

    // What was sent again came later than what has a higher number.
    private static readonly TimeSpan Slack = TimeSpan.FromHours(1);

    /// <summary>The events that name an order, in their own order.</summary>
    public static async ValueTask<IReadOnlyList<SeenEvent>> OfOrderAsync(ITransaction tx, Order order)
    {
        var found = new List<SeenEvent>();
        var until = (order.EndedAt ?? order.ReleasedAt ?? tx.Now) + TimeSpan.FromDays(1);
        var newest = (await tx.GetAsync(PileTables.Piles, order.Plug.Device.ToString()))?.SecretGeneration ?? 0;
        for (var generation = newest; generation > Math.Max(0, newest - MostGenerations); generation--)
        {
            var next = await FirstSinceAsync(tx, order, generation, order.CreatedAt - Slack);
            for (var slice = 0; slice < MostSlices; slice++)
            {
                var events = await FromAsync(tx, order, generation, next, Slice);
                found.AddRange(events.Where(seen => seen.OrderNo == order.No.ToString()));
                if (events.Count < Slice || events[^1].At > until)
                    break;
                next = events[^1].EventId + 1;
            }
        }
        return found;
    }

    /// <summary>By bisection, the number of the first event that came at a time or later.</summary>
    private static async ValueTask<uint> FirstSinceAsync(ITransaction tx, Order order, int generation, DateTimeOffset at)
    {
        var (low, high) = (0u, uint.MaxValue);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (await FromAsync(tx, order, generation, middle, 1) is [var seen] && seen.At < at)
                low = Math.Max(seen.EventId, middle) + 1;
            else
                high = middle;
        }
        return low;
    }

    private static ValueTask<IReadOnlyList<SeenEvent>> FromAsync(ITransaction tx, Order order, int generation, uint eventId, int limit) =>
        tx.ListAsync(
            PileTables.SeenEvents.ByKey,
            new KeyRange(SeenEvent.KeyOf(order.Plug.Device, generation, eventId), SeenEvent.KeyOf(order.Plug.Device, generation, uint.MaxValue)),
            limit);
}
