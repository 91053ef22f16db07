using Charging.Server.Accounts;
using Charging.Server.Cards;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>Riders as operators look them up.</summary>
internal static class RiderLookup
{
    /// <summary>A rider by number, or NOT_FOUND.</summary>
    public static async ValueTask<User> RiderAsync(this ITransaction tx, long userId) =>
        (userId > 0 ? await tx.GetAsync(AccountTables.Users, AccountTables.Key(userId)) : null)
        .OrNotFound($"There is no rider {userId}: 'users show' finds one by phone.");

    /// <summary>A rider by phone, or NOT_FOUND.</summary>
    public static async ValueTask<User> RiderAsync(this ITransaction tx, Phone phone) =>
        (await Riders.FindAsync(tx, phone)).OrNotFound($"Nobody has registered with {phone}: check the number.");

    /// <summary>A rider by WeChat name, or NOT_FOUND.</summary>
    public static async ValueTask<User> RiderAsync(this ITransaction tx, string wxName) =>
        (await Riders.FindAsync(tx, wxName)).OrNotFound($"Nobody has registered with the WeChat name '{wxName}': check the name.");

    /// <summary>A rider's cards in binding order.</summary>
    public static ValueTask<IReadOnlyList<Card>> CardsOfAsync(this ITransaction tx, User user) =>
        tx.ListAsync(CardTables.ByOwner, KeyRange.Prefix(CardTables.OwnerPrefix(user.Id)), Cards.Cards.MaxPerRider);

    /// <summary>The phones of riders.</summary>
    /// <param name="store">The store.</param>
    /// <param name="userIds">At most a page of them.</param>
    public static Task<IReadOnlyDictionary<long, Phone>> PhonesAsync(this IStore store, IEnumerable<long> userIds)
    {
        var distinct = userIds.Distinct().ToList();
        return distinct.Count == 0 ? Task.FromResult<IReadOnlyDictionary<long, Phone>>(new Dictionary<long, Phone>()) : store.RunAsync<IReadOnlyDictionary<long, Phone>>(async tx =>
        {
            var phones = new Dictionary<long, Phone>();
            foreach (var id in distinct)
            {
                if (await tx.GetAsync(AccountTables.Users, AccountTables.Key(id)) is { } user)
                    phones[id] = user.Phone;
            }
            return phones;
        });
    }
}
