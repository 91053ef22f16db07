using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Calls;

namespace Charging.Server.Cards;

/// <summary>What a card is made of.</summary>
public enum CardKind
{
    /// <summary>Plastic with a chip: 32 bits.</summary>
    Physical = 1,

    /// <summary>A number that an operator has issued.</summary>
    Virtual,
}

/// <summary>A swipe of a card.</summary>
/// <param name="At">When it was held to the reader, UTC.</param>
/// <param name="Device">The pile.</param>
public sealed record CardUse(DateTimeOffset At, DeviceNo Device);

/// <summary>Two swipes of a card between which nobody can have travelled.</summary>
/// <param name="First">The one that was accepted.</param>
/// <param name="Second">The one for which the card was blocked.</param>
public sealed record FarApart(CardUse First, CardUse Second);

/// <summary>Swipes of a card in an hour.</summary>
/// <param name="Since">When the first of them was, UTC.</param>
/// <param name="Count">How many were accepted.</param>
public sealed record CardHour(DateTimeOffset Since, int Count)
{
    /// <summary>How long they are counted together.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromHours(1);
}

/// <summary>What a card has paid on a day.</summary>
/// <param name="Day">The day in Asia/Shanghai, `yyyyMMdd`.</param>
/// <param name="Fen">What its accepted swipes have paid, in fen, whatever went back.</param>
public sealed record CardDay(string Day, long Fen);

/// <summary>A card that was issued, or was bound at least once.</summary>
public sealed record Card
{
    private const int ShownDigits = 4;

    /// <summary>`v:` and a virtual number, or `p:` and the ten decimal digits of a physical card: the key.</summary>
    public required string Key { get; init; }

    /// <summary>What it is made of.</summary>
    public required CardKind Kind { get; init; }

    /// <summary>The number as it was issued or first bound: what answers show.</summary>
    public required string Number { get; init; }

    /// <summary>Whose it is; null when it is bound to nobody.</summary>
    public long? UserId { get; init; }

    /// <summary>Its place among its owner's cards, from <see cref="User.CardBindings"/>.</summary>
    public int Binding { get; init; }

    /// <summary>Whether it is blocked.</summary>
    public bool Blocked { get; init; }

    /// <summary>Why it was blocked by the server; null when it was not.</summary>
    public FarApart? FarApart { get; init; }

    /// <summary>The most that it may pay on a day, in fen, as its owner wants it; 0 for no limit.</summary>
    public long DailyLimitFen { get; init; }

    /// <summary>What it has paid on the newest day on which it was used; null when its owner has not used it.</summary>
    public CardDay? Paid { get; init; }

    /// <summary>Its accepted swipes of the newest hour in which it was used; null when its owner has not used it.</summary>
    public CardHour? Swiped { get; init; }

    /// <summary>Its newest swipe that was accepted; null when its owner has not used it since it was bound or unblocked.</summary>
    public CardUse? LastUse { get; init; }

    /// <summary>
    /// Binds it to a rider. Virtual: 4002 when it is blocked, 4003 when the rider has one or it is bound. Physical: 403 when
    /// it is another rider's or blocked; bound to this rider already, it stays as it is.
    /// </summary>
    /// <param name="user">The rider.</param>
    /// <param name="hasVirtual">Whether the rider has a virtual card.</param>
    internal Result<Card> BindTo(User user, bool hasVirtual)
    {
        if (IsLocked(user))
            return ResultCode.InvalidArgument;
        if (Kind == CardKind.Virtual && Blocked)
            return ResultCode.CardNotFound;
        if (Kind == CardKind.Virtual && (hasVirtual || UserId is not null))
            return ResultCode.VirtualCardBound;
        if (UserId == user.Id)
            return this;
        if (UserId is not null || Blocked)
            return ResultCode.InvalidArgument;
        return this with { UserId = user.Id, Binding = user.CardBindings + 1 };
    }

    /// <summary>An operator blocks it.</summary>
    public Card Block() => this with { Blocked = true };

    /// <summary>An operator takes the block away, by whomever it is.</summary>
    public Card Unblock() => this with { Blocked = false, FarApart = null, LastUse = null };

    /// <summary>An operator takes it from its owner.</summary>
    public Card Free() => this with { UserId = null, Binding = 0, DailyLimitFen = 0, Paid = null, Swiped = null, LastUse = null };

    /// <summary>How many swipes were accepted in the present hour. One that began in the future is over: the clock was set back.</summary>
    public int SwipesAt(DateTimeOffset now) => now - Swiped?.Since is { Ticks: >= 0 } passed && passed < CardHour.Length ? Swiped!.Count : 0;

    /// <summary>What it has paid on a day, in fen.</summary>
    /// <param name="day">The day in Asia/Shanghai, `yyyyMMdd`.</param>
    public long PaidOn(string day) => Paid?.Day == day ? Paid.Fen : 0;

    /// <summary>Whether it may pay so much more on a day, as its owner wants it.</summary>
    internal bool MayPay(string day, long fen) => DailyLimitFen == 0 || PaidOn(day) + fen <= DailyLimitFen;

    /// <summary>It pays for a swipe.</summary>
    internal Card Pay(CardUse use, DateTimeOffset now, long fen)
    {
        var (day, swipes) = (Codes.DayOf(now), SwipesAt(now));
        return this with
        {
            LastUse = use,
            Paid = new CardDay(day, PaidOn(day) + fen),
            Swiped = swipes == 0 ? new CardHour(now, 1) : Swiped! with { Count = swipes + 1 },
        };
    }

    /// <summary>Takes it from its owner; 4004 when that is not the caller, or it is locked.</summary>
    internal Result<Card> UnbindFrom(User user) => BelongsTo(user) ? Free() : ResultCode.NotOwner;

    /// <summary>Whether it is a rider's own card, and not locked.</summary>
    internal bool BelongsTo(User user) => UserId == user.Id && !IsLocked(user);

    /// <summary>Whether it is locked until it is confirmed whose its account is.</summary>
    internal bool IsLocked(User owner) => UserId == owner.Id && owner.Lock is { } locked && Binding <= locked.Bindings;

    /// <summary>The end of a number, which is enough to know one's own card by.</summary>
    internal static string Mask(string number) => number.Length <= ShownDigits ? "****" : $"****{number[^ShownDigits..]}";
}
