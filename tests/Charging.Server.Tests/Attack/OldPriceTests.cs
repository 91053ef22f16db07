using Charging.Server.Orders;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>A rider who keeps the number of an order that was never paid, for the day on which charging costs more.</summary>
public sealed class OldPriceTests
{
    [Fact]
    public async Task An_order_that_was_left_long_ago_does_not_keep_its_price()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.Rider.TopUpAsync(5);
        var orderNo = await stand.ReserveAsync();
        await stand.LeaveAsync();
        await stand.PriceAsync(new Tariff { Name = "dear", ElectricityFen = 500, LongestSeconds = 3600 });
        await stand.PassAsync(TimeSpan.FromMinutes(64));

        Assert.Equal(4000, (await stand.PayWithBalanceAsync(orderNo)).Code);
        Assert.Equal((5d, OrderState.Cancelled), (await stand.Rider.BalanceAsync(), (await stand.OrderAsync(orderNo)).State));
        Assert.Equal(200, (await stand.PayWithBalanceAsync(await stand.ReserveAsync())).Code);
        await stand.CheckAsync();
    }
}
