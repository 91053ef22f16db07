using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>What riders have paid, as operators look it up: orders by their place in the rider's list, and then top-ups.</summary>
internal static class PaidLookup
{
    // A page token begins with what it pages through.
    private const char Orders = 'o';
    private const char TopUps = 't';

    /// <summary>A page of the numbers of a rider's paid orders, newest first, and then of the top-ups, newest first.</summary>
    public static async Task<Page<string>> PaidNumbersAsync(this IStore store, long userId, int pageSize, string pageToken)
    {
        var isTopUps = pageToken.StartsWith(TopUps);
        var cursor = Paging.Read(pageSize, pageToken.Length > 0 && pageToken[0] is Orders or TopUps ? pageToken[1..] : pageToken);
        if (!isTopUps)
        {
            var orders = await store.PageAsync(OrderTables.ByRider, cursor, KeyRange.Prefix(AccountTables.Key(userId), descending: true));
            return new Page<string>([.. orders.Items.Select(order => order.No.ToString())], orders.NextToken.Length > 0 ? Orders + orders.NextToken : $"{TopUps}");
        }
        var topUps = await store.PageAsync(TopUp.ByRider, cursor, KeyRange.Prefix(AccountTables.Key(userId), descending: true));
        return new Page<string>([.. topUps.Items.Select(topUp => topUp.No.ToString())], topUps.NextToken.Length > 0 ? TopUps + topUps.NextToken : "");
    }

    /// <summary>The phones of whoever has orders or top-ups of these numbers, by number.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> PayersAsync(this IStore store, IEnumerable<string> numbers)
    {
        var distinct = numbers.Distinct().ToList();
        var owners = await store.RunAsync(async tx =>
        {
            var found = new Dictionary<string, long>();
            foreach (var number in distinct)
            {
                var userId = (await tx.GetAsync(OrderTables.Orders, number))?.UserId ?? (await tx.GetAsync(TopUp.Table, number))?.UserId;
                if (userId is { } owner)
                    found[number] = owner;
            }
            return found;
        });
        var phones = await store.PhonesAsync(owners.Values);
        return owners.Where(owner => phones.ContainsKey(owner.Value)).ToDictionary(owner => owner.Key, owner => phones[owner.Value].ToString());
    }
}
