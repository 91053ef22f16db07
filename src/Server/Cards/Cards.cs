using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Cards;

/// <summary>A rider's cards in binding order.</summary>
/// <param name="Owner">The rider.</param>
/// <param name="Cards">The cards.</param>
/// <param name="Today">The day in Asia/Shanghai, `yyyyMMdd`.</param>
public sealed record CardList(User Owner, IReadOnlyList<Card> Cards, string Today);

/// <summary>Binds cards to riders (contract sections 4, 11, 12, 14).</summary>
public sealed class Cards(IStore store, CardsOptions options, RateLimits limits)
{
    /// <summary>
    /// How many cards a rider may have; one more is 403. A physical card belongs to whoever names it first, so without a
    /// limit one rider could name them all.
    /// </summary>
    public const int MaxPerRider = 100;

    private readonly record struct NamedCard(string Key, Card? Card, Card? Unbound);

    private readonly LimitLog _foreign = limits.CreateLog("card-numbers", options.MaxForeignNumbers, TimeSpan.FromDays(1));

    /// <summary>Binds a card to the caller: see <see cref="Card.BindTo"/> for the codes. 403 for what is no card number, and as <see cref="UnbindAsync(Caller, CardNo)"/>.</summary>
    public Task<Result<Done>> BindAsync(Caller caller, CardNo number) =>
        LimitedAsync(caller, number, (tx, user, named) => BindAsync(tx, user, named));

    /// <summary>
    /// Takes a card from the caller: 403 for what is no card number, 4002 when it is unknown, 4004 when it is not the caller's; 403
    /// for every number that is not the caller's once as many were named today as <see cref="CardsOptions.MaxForeignNumbers"/> allows.
    /// </summary>
    public Task<Result<Done>> UnbindAsync(Caller caller, CardNo number) =>
        LimitedAsync(caller, number, (tx, user, named) => ValueTask.FromResult(Unbind(tx, user, named)));

    /// <summary>The caller's cards in binding order.</summary>
    public Task<Result<CardList>> ListAsync(Caller caller) => store.RunAsync<Result<CardList>>(async tx =>
        new CardList(await OwnerAsync(tx, caller.UserId), await OwnedByAsync(tx, caller.UserId), Codes.DayOf(tx.Now)));

    /// <summary>Limits what a card of the caller may pay on a day: 403 when it is not the caller's.</summary>
    public Task<Result<Done>> LimitAsync(Caller caller, WantedLimit limit) => store.RunAsync(async tx =>
    {
        if ((await ResolveAsync(tx, limit.Number)).Value.Card is not { } card || !card.BelongsTo(await OwnerAsync(tx, caller.UserId)))
            return ResultCode.InvalidArgument;
        tx.Put(CardTables.Cards, card with { DailyLimitFen = limit.Fen });
        return Done.Ok;
    });

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
    /// <returns>The card as it is now.</returns>
    public async ValueTask<Result<Card>> BindAsync(ITransaction tx, long userId, CardNo number)
    {
        var found = await ResolveAsync(tx, number);
        return found.IsOk ? await BindAsync(tx, await OwnerAsync(tx, userId), found.Value) : found.Code;
    }

    /// <summary>
    /// Does something with a number that a rider names, and counts it when it is not the rider's after that: refused, or given
    /// away. Taking a card of nobody's is not counted, for <see cref="MaxPerRider"/> limits it.
    /// </summary>
    private async Task<Result<Done>> LimitedAsync(Caller caller, CardNo number, Func<ITransaction, User, NamedCard, ValueTask<Result<Card>>> act)
    {
        var (code, isLimited) = await store.RunAsync<(ResultCode, bool)>(async tx =>
        {
            var found = await ResolveAsync(tx, number);
            if (!found.IsOk)
                return (found.Code, false);
            var (named, today) = (found.Value, Codes.DayOf(tx.Now));
            var user = await OwnerAsync(tx, caller.UserId);
            var isFull = ForeignCards.Count(user.ForeignCards, today) >= options.MaxForeignNumbers;
            if (isFull && named.Card?.BelongsTo(user) != true)
                return (ResultCode.InvalidArgument, true);
            var card = await act(tx, user, named);
            if (!isFull && card.Value?.BelongsTo(user) != true)
                tx.Put(AccountTables.Users, user with { ForeignCards = ForeignCards.Add(user.ForeignCards, today, named.Key) });
            return (card.Code, false);
        });
        if (isLimited)
            _foreign.Refused($"rider {caller.UserId}");
        return ReferenceEquals(code, ResultCode.Ok) ? Done.Ok : code;
    }

    /// <summary>
    /// Writes a card down, or deletes it when nothing of it must be kept: anybody may bind a physical card that nobody has, and
    /// could bind and unbind any number of them.
    /// </summary>
    public static void Keep(ITransaction tx, Card card)
    {
        if (card is { Kind: CardKind.Physical, UserId: null, Blocked: false })
            tx.Delete(CardTables.Cards, card.Key);
        else
            tx.Put(CardTables.Cards, card);
    }

    private static async ValueTask<Result<Card>> BindAsync(ITransaction tx, User user, NamedCard named)
    {
        if ((named.Card ?? named.Unbound) is not { } card)
            return ResultCode.CardNotFound;
        var hasVirtual = (await tx.ListAsync(CardTables.VirtualByOwner, KeyRange.Exactly(AccountTables.Key(user.Id)), 1)).Count > 0;
        var bound = card.BindTo(user, hasVirtual);
        if (!bound.IsOk || bound.Value == card)
            return bound;
        if ((await OwnedByAsync(tx, user.Id)).Count >= MaxPerRider)
            return ResultCode.InvalidArgument;
        tx.Put(CardTables.Cards, bound.Value);
        tx.Put(AccountTables.Users, user with { CardBindings = bound.Value.Binding });
        return bound;
    }

    private static Result<Card> Unbind(ITransaction tx, User user, NamedCard named)
    {
        if (named.Card is not { } card)
            return ResultCode.CardNotFound;
        return card.UnbindFrom(user).Then<Card>(unbound =>
        {
            Keep(tx, unbound);
            return unbound;
        });
    }

    /// <summary>
    /// What a number means: a card that is known, or a physical card that nobody has bound yet, or neither for a virtual
    /// number that was not issued. What was issued as virtual is virtual, whatever its form. 403 for what has no card's form.
    /// </summary>
    private async ValueTask<Result<NamedCard>> ResolveAsync(ITransaction tx, CardNo number)
    {
        var virtualKey = CardTables.VirtualKey(number);
        if (await tx.GetAsync(CardTables.Cards, virtualKey) is { } issued)
            return new NamedCard(virtualKey, issued, null);
        if (number.IsVirtualForm(options.VirtualDigits))
            return new NamedCard(virtualKey, null, null);
        if (!number.TryReadPhysical(options.ByteOrder, out var bits))
            return ResultCode.InvalidArgument;
        var key = CardTables.PhysicalKey(bits);
        return new NamedCard(key, await tx.GetAsync(CardTables.Cards, key), new Card { Key = key, Kind = CardKind.Physical, Number = number.ToString() });
    }

    private static ValueTask<IReadOnlyList<Card>> OwnedByAsync(ITransaction tx, long userId) =>
        tx.ListAsync(CardTables.ByOwner, KeyRange.Prefix(CardTables.OwnerPrefix(userId)), MaxPerRider);

    private static async ValueTask<User> OwnerAsync(ITransaction tx, long userId) =>
        await tx.GetAsync(AccountTables.Users, AccountTables.Key(userId))
        ?? throw new InvalidOperationException($"User {userId} has a token and no account.");
}
