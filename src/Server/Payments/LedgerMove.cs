using System.Globalization;
using Charging.Server.Orders;

namespace Charging.Server.Payments;

/// <summary>The moves that there are, by the names of the ledger's methods (docs/money.md).</summary>
internal enum LedgerVerb
{
    HoldPayment,
    HoldBalance,
    Earn,
    Owe,
    OwePayment,
    Repay,
    Return,
    Credit,
    OweRevenue,
    ReturnRevenue,
    Collect,
    Adjust,
}

/// <summary>What an entry says, read from its key and its accounts.</summary>
/// <param name="Verb">Which move it is.</param>
/// <param name="Subject">The order or top-up; for an adjustment, the number of the user.</param>
/// <param name="Number">Which refund, collection or adjustment of it; 0 where it is none.</param>
/// <param name="UserId">Whose balance it changes; null when it changes none.</param>
internal readonly record struct LedgerMove(LedgerVerb Verb, string Subject, int Number, long? UserId)
{
    private const string Order = "order";
    private const string User = "user";

    private static readonly (LedgerVerb Verb, string Word, string From, string To)[] Shapes =
    [
        (LedgerVerb.HoldPayment, "hold", Ledger.Provider, Order),
        (LedgerVerb.HoldBalance, "hold", User, Order),
        (LedgerVerb.Earn, "earn", Order, Ledger.Revenue),
        (LedgerVerb.Owe, "owe", Order, Ledger.Owed),
        (LedgerVerb.OwePayment, "owe", Ledger.Provider, Ledger.Owed),
        (LedgerVerb.Repay, "refund", Ledger.Owed, Ledger.Provider),
        (LedgerVerb.Return, "refund", Order, User),
        (LedgerVerb.Credit, "credit", Ledger.Provider, User),
        (LedgerVerb.OweRevenue, "owe", Ledger.Revenue, Ledger.Owed),
        (LedgerVerb.ReturnRevenue, "refund", Ledger.Revenue, User),
        (LedgerVerb.Collect, "collect", User, Ledger.Revenue),
        (LedgerVerb.Adjust, "adjust", Ledger.Adjustments, User),
        (LedgerVerb.Adjust, "adjust", User, Ledger.Adjustments),
    ];

    /// <summary>Whether it is about an order or a top-up.</summary>
    public bool HasSubject => Verb != LedgerVerb.Adjust;

    /// <summary>Reads an entry; null when it is not one that the ledger writes.</summary>
    public static LedgerMove? Read(LedgerEntry entry)
    {
        var key = entry.Key.Split(':');
        var (from, to) = (Account.Of(entry.From), Account.Of(entry.To));
        var numbered = key is ["owe" or "refund" or "collect" or "adjust", _, _];
        if (entry.AmountFen <= 0 || key.Length != (numbered ? 3 : 2) || !OrderNo.TryParse(key[1], out _) || !ReadNumber(key, numbered, out var number))
            return null;
        var shape = Array.Find(Shapes, known => known.Word == key[0] && known.From == from.Kind && known.To == to.Kind);
        if (shape.Word is null || !from.IsOf(key[1]) || !to.IsOf(key[1]))
            return null;
        var userId = from.UserId ?? to.UserId;
        if (shape.Verb == LedgerVerb.Adjust && userId?.ToString(CultureInfo.InvariantCulture) != key[1])
            return null;
        return userId is null == entry.BalanceFen is null && entry.BalanceFen is null or >= 0
            ? new LedgerMove(shape.Verb, key[1], number, userId)
            : null;
    }

    private static bool ReadNumber(string[] key, bool numbered, out int number)
    {
        number = 0;
        // What is owed, went back, was collected or was adjusted has a number, and nothing else has.
        return numbered
            ? int.TryParse(key[2], NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0
            : key[0] is not ("owe" or "refund" or "collect" or "adjust");
    }

    private readonly record struct Account(string Kind, string Rest)
    {
        public long? UserId => Kind == User && long.TryParse(Rest, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

        public static Account Of(string text)
        {
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            return colon < 0 ? new Account(text, "") : new Account(text[..colon], text[(colon + 1)..]);
        }

        public bool IsOf(string subject) => Kind switch
        {
            Order => Rest == subject,
            User => UserId is not null,
            _ => Rest.Length == 0,
        };
    }
}
