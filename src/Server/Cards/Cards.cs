using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Cards;

/// <summary>Binds cards to riders (contract sections 4, 11, 12, 14).</summary>
public sealed class Cards(IStore store, CardsOptions options)
{
    /// <summary>
    /// How many cards a rider may have; one more is 403. A physical card belongs to whoever names it first, so without a
    /// limit one rider could name them all.
    /// </summary>
    public const int MaxPerRider = 100;

    /// <summary>Binds a card to the caller: see <see cref="Card.BindTo"/> for the codes. 403 for what is no card number.</summary>
    public Task<Result<Done>> BindAsync(Caller caller, CardNo number) => store.RunAsync(tx => BindAsync(tx, caller.UserId, number));

    /// <summary>Takes a card from the caller: 403 for what is no card number, 4002 when it is unknown, 4004 when it is not the caller's.</summary>
    public Task<Result<Done>> UnbindAsync(Caller caller, CardNo number) => store.RunAsync(tx => UnbindAsync(tx, caller, number));

    /// <summary>The caller's cards in binding order.</summary>
    public Task<Result<Card[]>> ListAsync(Caller caller) =>
        store.RunAsync<Result<Card[]>>(async tx => (await OwnedByAsync(tx, caller.UserId)).ToArray());

    /// <summary>Issues virtual cards, for operators. What was issued before stays as it is.</summary>
    /// <param name="numbers">At most 200.</param>
    /// <returns>How many are new; 403, and none issued, when a number is a physical card that a rider has bound.</returns>
    public Task<Result<int>> IssueAsync(IReadOnlyCollection<CardNo> numbers) => store.RunAsync(tx => IssueAsync(tx, numbers));

    /// <summary>The same inside an operation.</summary>
    public async ValueTask<Result<int>> IssueAsync(ITransaction tx, IReadOnlyCollection<CardNo> numbers)
    {
        foreach (var number in numbers)
        {
            if (number.TryReadPhysical(options.ByteOrder, out var bits)
                && await tx.GetAsync(CardTables.Cards, CardTables.PhysicalKey(bits)) is { UserId: not null })
                return ResultCode.InvalidArgument;
        }
        var issued = 0;
        foreach (var number in numbers)
        {
            var key = CardTables.VirtualKey(number);
            if (await tx.GetAsync(CardTables.Cards, key) is not null)
                continue;
            tx.Put(CardTables.Cards, new Card { Key = key, Kind = CardKind.Virtual, Number = number.ToString() });
            issued++;
        }
        return issued;
    }

    /// <summary>The card that a number means, inside an operation: for swipes and operators. Null when there is none.</summary>
    public async ValueTask<Card?> FindAsync(ITransaction tx, string spelling) =>
        CardNo.TryParse(spelling, out var number) ? (await ResolveAsync(tx, number)).Value.Card : null;

    /// <summary>Binds a card inside an operation.</summary>
    /// <param name="tx">The operation.</param>
    /// <param name="userId">A rider that there is.</param>
    /// <param name="number">The card.</param>
    public async ValueTask<Result<Done>> BindAsync(ITransaction tx, long userId, CardNo number)
    {
        var found = await ResolveAsync(tx, number);
        if (!found.IsOk)
            return found.Code;
        var card = found.Value.Card ?? found.Value.Unbound;
        if (card is null)
            return ResultCode.CardNotFound;
        var user = await OwnerAsync(tx, userId);
        var hasVirtual = (await tx.ListAsync(CardTables.VirtualByOwner, KeyRange.Exactly(AccountTables.Key(user.Id)), 1)).Count > 0;
        var bound = card.BindTo(user, hasVirtual);
        if (!bound.IsOk)
            return bound.Code;
        if (bound.Value == card)
            return Done.Ok;
        if ((await OwnedByAsync(tx, user.Id)).Count >= MaxPerRider)
            return ResultCode.InvalidArgument;
        tx.Put(CardTables.Cards, bound.Value);
        tx.Put(AccountTables.Users, user with { CardBindings = bound.Value.Binding });
        return Done.Ok;
    }

    private async ValueTask<Result<Done>> UnbindAsync(ITransaction tx, Caller caller, CardNo number)
    {
        var found = await ResolveAsync(tx, number);
        if (!found.IsOk)
            return found.Code;
        if (found.Value.Card is not { } card)
            return ResultCode.CardNotFound;
        return card.UnbindFrom(caller.UserId).Then(unbound =>
        {
            tx.Put(CardTables.Cards, unbound);
            return Done.Ok;
        });
    }

    /// <summary>
    /// What a number means: a card that is known, or a physical card that nobody has bound yet, or neither for a virtual
    /// number that was not issued. What was issued as virtual is virtual, whatever its form. 403 for what has no card's form.
    /// </summary>
    private async ValueTask<Result<(Card? Card, Card? Unbound)>> ResolveAsync(ITransaction tx, CardNo number)
    {
        if (await tx.GetAsync(CardTables.Cards, CardTables.VirtualKey(number)) is { } issued)
            return (issued, null);
        if (number.IsVirtualForm(options.VirtualDigits))
            return (null, null);
        if (!number.TryReadPhysical(options.ByteOrder, out var bits))
            return ResultCode.InvalidArgument;
        var key = CardTables.PhysicalKey(bits);
        return (await tx.GetAsync(CardTables.Cards, key), new Card { Key = key, Kind = CardKind.Physical, Number = number.ToString() });
    }

    private static ValueTask<IReadOnlyList<Card>> OwnedByAsync(ITransaction tx, long userId) =>
        tx.ListAsync(CardTables.ByOwner, KeyRange.Prefix(CardTables.OwnerPrefix(userId)), MaxPerRider);

    private static async ValueTask<User> OwnerAsync(ITransaction tx, long userId) =>
        await tx.GetAsync(AccountTables.Users, AccountTables.Key(userId))
        ?? throw new InvalidOperationException($"User {userId} has a token and no account.");
}
