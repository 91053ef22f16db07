using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Calls;

namespace Charging.Server.Cards;

/// <summary>What any card may pay in an hour and on a day, so that a pile that holds cards to itself does not empty their owners' balances. Counted with the card.</summary>
public sealed class CardLimits(CardsOptions options, RateLimits limits)
{
    private const string Swipes = "card-swipes";
    private const string Amount = "card-amount";

    private readonly LimitLog _swipes = limits.CreateLog(Swipes, options.MaxSwipesPerHour, CardHour.Length);
    private readonly LimitLog _amount = limits.CreateLog(Amount, options.MaxFenPerDay, TimeSpan.FromDays(1));

    /// <summary>The name of the limit beyond which a card would be if it paid so much more; null when it may.</summary>
    public string? Reached(Card card, DateTimeOffset now, long fen) =>
        card.SwipesAt(now) >= options.MaxSwipesPerHour ? Swipes
        : card.PaidOn(Codes.DayOf(now)) + fen > options.MaxFenPerDay ? Amount
        : null;

    /// <summary>Counts and logs that a card was refused for a limit.</summary>
    public void Refused(string limit, DeviceNo device) => (limit == Swipes ? _swipes : _amount).Refused($"a card at pile {device}");
}
