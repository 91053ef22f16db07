using Charging.Server.Accounts;
using Charging.Server.Cards;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>Riders as operators look them up.</summary>
internal static class RiderLookup
{
    /// <summary>A rider by phone, with the cards; null when nobody has registered with it.</summary>
    public static Task<(User User, IReadOnlyList<Card> Cards)?> FindRiderAsync(this IStore store, Phone phone) =>
        store.RunAsync<(User, IReadOnlyList<Card>)?>(async tx =>
        {
            if ((await tx.ListAsync(AccountTables.UsersByPhone, KeyRange.Exactly(phone.ToString()), 1)) is not [var user])
                return null;
            var cards = await tx.ListAsync(CardTables.ByOwner, KeyRange.Prefix(CardTables.OwnerPrefix(user.Id)), Cards.Cards.MaxPerRider);
            return (user, cards);
        });

    /// <summary>The phones of riders.</summary>
    /// <param name="store">The store.</param>
    /// <param name="userIds">At most a page of them.</param>
    public static Task<IReadOnlyDictionary<long, Phone>> PhonesAsync(this IStore store, IEnumerable<long> userIds)
    {
        var distinct = userIds.Distinct().ToList();
        return store.RunAsync<IReadOnlyDictionary<long, Phone>>(async tx =>
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
