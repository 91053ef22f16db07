using Charging.Device.V1;
using Charging.Server.Orders;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>A pile that holds a card to itself, obeys each start, and ends it at once with four hours.</summary>
public sealed class SwipingPileTests
{
    private const string Card = "2577522B";

    [Theory]
    [InlineData(14_400u)]
    [InlineData(60u)]
    public async Task A_hundred_swipes_cost_the_owner_next_to_nothing(uint seconds)
    {
        await using var stand = await Stand.OpenAsync(settings: ["--Charging:Mqtt:PacketBurst=100000", "--Charging:Mqtt:MaxCommandsInFlight=1000", "--Charging:Orders:PricePerHourFen=100"]);
        await stand.Rider.TopUpAsync(100);
        await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = Card } });
        await using var pile = await RawPile.OpenAsync(stand.App, plugs: 99);
        var accepted = 0;
        for (var number = 1u; number <= 100; number++)
        {
            var (swipe, end, plug) = (number, 1000 + number, number % 99 + 1);
            await pile.RaiseAsync(swipe, raised => raised.CardSwiped = new CardSwiped { Plug = plug, CardNo = Card });
            if (!(await pile.HearAsync(command => command.CardDecision?.EventId == swipe)).CardDecision.Accepted)
                continue;
            accepted++;
            var start = await pile.HearAsync(command => command.StartCharge?.Plug == plug);
            await pile.AnswerAsync(start);
            await pile.RaiseAsync(end, raised => raised.ChargeEnded = new ChargeEnded { OrderNo = start.StartCharge.OrderNo, Plug = plug, Seconds = seconds, Reason = EndReason.Full });
            await pile.AckedAsync(end);
        }

        // A minute at a yuan an hour, for as many as a card may in an hour.
        Assert.Equal(20, accepted);
        Assert.Equal(seconds == 60 ? 99.8 : 100, await stand.Rider.BalanceAsync());
        Assert.Equal(seconds != 60, (await stand.OrderAsync((await stand.NewestAsync()).GetProperty("orderNo").GetString()!)).Trouble == Order.ImpossibleRecord);
        await stand.CheckAsync();
    }
}
