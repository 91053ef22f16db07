using Charging.Server.Orders;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>Two calls for one payment, of which one names another amount.</summary>
public sealed class OtherAmountTests
{
    [Fact]
    public async Task Another_amount_than_was_paid_is_403_also_while_the_start_is_under_way()
    {
        var provider = new AwkwardProvider();
        await using var stand = await Stand.OpenAsync(configure: provider.Use);
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        provider.Paid[orderNo] = 101;
        provider.Holds = 202;
        var wrong = stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 2.02);
        await Retry.Until("the wrong amount is asked about", () => provider.Askings(orderNo) == 1);
        var right = stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 1.01);
        await pile.AnswerAsync(await pile.HearAsync(command => command.StartCharge is not null));
        Assert.Equal(200, (await right).Code);
        provider.LetGo();
        Assert.Equal(403, (await wrong).Code);
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
    }
}
