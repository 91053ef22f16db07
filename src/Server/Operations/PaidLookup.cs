using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>
/// What riders have paid, as operators look it up: orders by their place in the rider's list, then top-ups, and then what operators
/// changed on the balance.
/// </summary>
internal static class PaidLookup
{
    // A page token begins with what it pages through.
    private const char Orders = 'o';
    private const char TopUps = 't';
    private const char Adjustments = 'a';

    /// <summary>
    /// A page of the numbers of a rider's paid orders, newest first, then of the top-ups, newest first, and then of the keys of
    /// operators' changes of the balance.
    /// </summary>
    public static async Task<Page<string>> PaidNumbersAsync(this IStore store, long userId, int pageSize, string pageToken)
    {
        var list = pageToken.Length > 0 && pageToken[0] is Orders or TopUps or Adjustments ? pageToken[0] : Orders;
        var cursor = Paging.Read(pageSize, pageToken.StartsWith(list) ? pageToken[1..] : pageToken);
        var ofRider = KeyRange.Prefix(AccountTables.Key(userId), descending: true);
        return list switch
        {
            Orders => Page(await store.PageAsync(OrderTables.ByRider, cursor, ofRider), order => order.No.ToString(), Orders, $"{TopUps}"),
            TopUps => Page(await store.PageAsync(TopUp.ByRider, cursor, ofRider), topUp => topUp.No.ToString(), TopUps, $"{Adjustments}"),
            _ => Page(await store.PageAsync(Ledger.Entries.ByKey, cursor, KeyRange.Prefix(Ledger.AdjustmentsOf(userId))), entry => entry.Key, Adjustments, ""),
        };

        static Page<string> Page<T>(Page<T> page, Func<T, string> number, char list, string next) =>
            new([.. page.Items.Select(number)], page.NextToken.Length > 0 ? list + page.NextToken : next);
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
