using Charging.Device.V1;
using Charging.Server.Orders;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>A pile that says for ever that it charges: its order ends all the same.</summary>
public sealed class StubbornPileTests
{
    [Fact]
    public async Task A_pile_that_charges_for_ever_does_not_keep_the_order_open()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        var call = stand.Rider.ChargeAsync(pile.Device, "02", orderNo, "0.01");
        await pile.AnswerAsync(await pile.HearAsync(command => command.StartCharge is not null));
        await call;
        for (var minute = 0; minute < 600 && (await stand.OrderAsync(orderNo)).State == OrderState.Charging; minute++)
        {
            await stand.PassAsync(TimeSpan.FromMinutes(1));
            await pile.ReportAsync(new PlugStatus { Plug = 2, State = PlugState.Charging, OrderNo = orderNo, ElapsedSeconds = 60 });
        }
        await stand.UntilAsync(orderNo, OrderState.Settled, OrderState.Refunded);
        await stand.CheckAsync();
    }
}
