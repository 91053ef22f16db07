using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Cards;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>A card held to a pile: debit, order and start command in one stroke, or a reason why not (device-protocol.md).</summary>
public sealed class CardSwipes(
    Cards.Cards cards,
    PileRegistry registry,
    PileStates piles,
    Board board,
    OrderPayments payments,
    Tariffs tariffs,
    RefusedSwipes refused,
    CardTravel travel,
    CardLimits limits,
    RiderLimits riderLimits,
    OrderOptions options)
{
    /// <summary>After this long nobody stands at the pile any more.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Whether enough is known to decide on a swipe: its age tells, or whether it is of the pile's present boot.</summary>
    public bool MayDecide(DeviceNo device, PileEvent swiped) => swiped.AgeMs > LongestWait.TotalMilliseconds || board.KnowsBoot(device);

    /// <summary>Decides on a swipe. Called once for each event.</summary>
    /// <param name="tx">The operation.</param>
    /// <param name="device">The pile.</param>
    /// <param name="swiped">The event.</param>
    /// <param name="at">When the card was held to the reader.</param>
    /// <returns>The decision, and the name of the limit for which an otherwise good card was refused; null when it was not.</returns>
    public async ValueTask<(CardDecision Decision, string? Limit)> DecideAsync(ITransaction tx, DeviceNo device, PileEvent swiped, DateTimeOffset at)
    {
        var swipe = swiped.CardSwiped;
        var card = await cards.FindAsync(tx, swipe.CardNo);
        var user = card?.UserId is { } owner ? await tx.GetAsync(AccountTables.Users, AccountTables.Key(owner)) : null;
        var plug = new PlugId(device, (int)Math.Min(swipe.Plug, Pile.MaxPlugs + 1));
        var use = new CardUse(at, device);
        var reason = IsTooOld(tx, device, swiped, at) ? CardReason.TooOld
            : await refused.IsLimitReachedAsync(tx, device) ? CardReason.TooManyRefused
            : await RefusalAsync(tx, use, plug, card, user);
        var decision = new CardDecision { EventId = swiped.EventId, Accepted = reason is null, Reason = reason ?? CardReason.Unspecified };
        if (reason is null)
        {
            user = await StartAsync(tx, plug, card!, user!);
            tx.Put(CardTables.Cards, card!.Pay(use, tx.Now, options.CardAmountFen));
        }
        else if (reason is not (CardReason.TooOld or CardReason.TooManyRefused))
        {
            await RefusedSwipes.CountAsync(tx, device);
        }
        // A pile may be anybody's: a balance is shown where it is about to be spent, and to nobody else.
        if (decision.Accepted || reason == CardReason.InsufficientBalance)
            decision.BalanceFen = (int)Math.Min(user!.SpendableFen, int.MaxValue);
        if (reason != CardReason.LimitReached)
            return (decision, null);
        var limit = limits.Reached(card!, tx.Now, options.CardAmountFen);
        if (limit is not null)
            await PileAlarms.RaiseAsync(tx, device, AlarmCode.CardLimit, AlarmSeverity.Warning);
        return (decision, limit ?? RiderLimits.NameOf(await riderLimits.OfStartAsync(tx, user!, plug)));
    }

    /// <summary>Counts and logs that a swipe was refused for a limit, once it is so.</summary>
    /// <param name="limit">Its name, as <see cref="DecideAsync"/> has told it.</param>
    /// <param name="device">The pile.</param>
    public void Refused(string limit, DeviceNo device)
    {
        if (!riderLimits.TryRefuse(limit, device))
            limits.Refused(limit, device);
    }

    private bool IsTooOld(ITransaction tx, DeviceNo device, PileEvent swiped, DateTimeOffset at) =>
        tx.Now - at > LongestWait || swiped.BootId != board.Find(device)?.Status?.BootId;

    private async ValueTask<CardReason?> RefusalAsync(ITransaction tx, CardUse use, PlugId plug, Card? card, User? user)
    {
        if (card is null || user is null)
            return CardReason.UnknownCard;
        if (card.Blocked || user.Blocked || card.IsLocked(user))
            return CardReason.Blocked;
        if (registry.Find(plug.Device) is not { RetiredAt: null } pile || plug.Number < 1 || plug.Number > pile.PlugCount)
            return CardReason.PlugFault;
        if (await tx.PauseOfAsync(plug) is not null)
            return CardReason.PlugFault;
        if (await tx.GetAsync(OrderTables.BusyPlugs, plug.ToString()) is { } busy && !busy.IsOver(tx.Now))
            return CardReason.PlugBusy;
        return piles.Sensed(plug) switch
        {
            PlugView.Busy => CardReason.PlugBusy,
            PlugView.Fault => CardReason.PlugFault,
            _ => user.SpendableFen < options.CardAmountFen ? CardReason.InsufficientBalance
                : !card.MayPay(Codes.DayOf(tx.Now), options.CardAmountFen) || limits.Reached(card, tx.Now, options.CardAmountFen) is not null || await riderLimits.OfStartAsync(tx, user, plug) is not null ? CardReason.LimitReached
                : travel.Block(tx, card, use) ? CardReason.Blocked
                : null,
        };
    }

    private async ValueTask<User> StartAsync(ITransaction tx, PlugId plug, Card card, User user)
    {
        if (await tx.GetAsync(OrderTables.BusyPlugs, plug.ToString()) is { } over)
        {
            await Reservations.ReleaseAsync(tx, over.OrderNo, OrderState.Expired);
            user = await tx.GetAsync(AccountTables.Users, AccountTables.Key(user.Id)) ?? user;
        }
        var fen = (long)options.CardAmountFen;
        user = user with { PaidOrders = user.PaidOrders + 1 };
        var pile = registry.Find(plug.Device);
        var tariff = await tariffs.OfAsync(tx, pile);
        var order = new Order
        {
            No = await UnusedNumberAsync(tx, plug.Device),
            UserId = user.Id,
            Plug = plug,
            PlugText = pile!.WritePlug(plug.Number),
            RatedPowerW = pile.RatedPowerW,
            Tag = OrderTag.Card,
            CardNo = card.Number,
            CreatedAt = tx.Now,
            ReservedUntil = tx.Now,
            State = OrderState.Starting,
            StartCommand = StartCommand.Sent,
            PaidFen = fen,
            PaidAt = tx.Now,
            ListNumber = user.PaidOrders,
            MaxSeconds = tariff.Limits(fen).Seconds,
            Tariff = tariff,
        };
        user = await riderLimits.StartAsync(tx, user, plug, order.No);
        (order, user) = await Ledger.HoldBalanceAsync(tx, order, user, fen);
        tx.Put(AccountTables.Users, user);
        payments.Start(tx, order);
        return user;
    }

    private static async ValueTask<OrderNo> UnusedNumberAsync(ITransaction tx, DeviceNo device)
    {
        for (var at = tx.Now; ; at += TimeSpan.FromMilliseconds(1))
        {
            var number = OrderNo.ForCard(device, at);
            if (await tx.GetAsync(OrderTables.Orders, number.ToString()) is null)
                return number;
        }
    }
}
