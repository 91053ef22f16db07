using Charging.Device.V1;
using Charging.Server.Orders;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>A charge that ended before it began.</summary>
public sealed class NothingChargedTests
{
    [Fact]
    public async Task A_charge_that_gave_nothing_is_paid_back()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        var orderNo = (await stand.Rider.ReserveAsync(pile.Device, "02")).Data!.Value.GetString()!;
        var call = stand.Rider.ChargeAsync(pile.Device, "02", orderNo, 1.01);
        await pile.AnswerAsync(await pile.HearAsync(command => command.StartCharge is not null));
        await call;
        await pile.RaiseAsync(1, raised => raised.ChargeEnded = new ChargeEnded { OrderNo = orderNo, Plug = 2, Reason = EndReason.Fault });
        await pile.AckedAsync(1);
        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((OrderState.Settled, 101), (order.State, order.OwedFen + order.RefundedFen));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_fen_buys_no_charge_that_is_paid_back()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(2, 0.01);
        await stand.PassAsync(TimeSpan.FromSeconds(140));
        Assert.Equal(200, (await stand.WhileAsync(stand.Rider.StopAsync(orderNo))).Code);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((140, 1, 0), (order.Seconds, order.UsedFen, order.OwedFen + order.RefundedFen));
        await stand.CheckAsync();
    }
}
