using System.Globalization;
using Charging.Server.Accounts;
using Charging.Server.Storage;

namespace Charging.Server.Cards;

/// <summary>Where cards are kept.</summary>
public static class CardTables
{
    /// <summary>Cards by <see cref="Card.Key"/>.</summary>
    public static readonly Table<Card> Cards = new("cards", StoreJson.Default.Card, card => card.Key);

    /// <summary>Bound cards by owner, then place.</summary>
    public static readonly Index<Card> ByOwner = Cards.Index("owner", card =>
        card.UserId is { } id ? $"{OwnerPrefix(id)}{card.Binding.ToString("D10", CultureInfo.InvariantCulture)}" : null);

    /// <summary>Bound virtual cards by owner.</summary>
    public static readonly Index<Card> VirtualByOwner = Cards.Index("virtual_owner", card =>
        card is { Kind: CardKind.Virtual, UserId: { } id } ? AccountTables.Key(id) : null);

    /// <summary>What the keys of a rider's cards begin with in <see cref="ByOwner"/>.</summary>
    public static string OwnerPrefix(long userId) => AccountTables.Key(userId) + ":";

    /// <summary>The key of a virtual card.</summary>
    public static string VirtualKey(CardNo number) => $"v:{number}";

    /// <summary>The key of a physical card.</summary>
    public static string PhysicalKey(uint number) => $"p:{number.ToString("D10", CultureInfo.InvariantCulture)}";
}
