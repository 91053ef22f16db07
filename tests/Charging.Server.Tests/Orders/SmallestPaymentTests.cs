using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>An operator who wants no charges for a fen: what is below the smallest payment gives no power, and goes back.</summary>
public sealed class SmallestPaymentTests
{
    [Theory]
    [InlineData("phone")]
    [InlineData("callback")]
    [InlineData("prepay")]
    [InlineData("balance")]
    public async Task What_is_below_the_smallest_payment_gives_no_power(string way)
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Orders:MinPaymentFen=50");
        await stand.Rider.TopUpAsync(1);
        var orderNo = await stand.ReserveAsync();
        if (way == "callback")
        {
            stand.App.Provider.Pay(orderNo, 49);
            await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx => stand.App.Services.GetRequiredService<PaymentEffects>().TakeUpAsync(tx, orderNo, 49));
        }
        Assert.Equal(403, (await PayAsync(stand, way, orderNo, 0.49)).Code);
        Assert.Equal((0, 1d), (stand.Pile.StartsObeyed(orderNo), await stand.Rider.BalanceAsync()));
        if (way is "phone" or "callback")
        {
            await stand.UntilAsync(orderNo, OrderState.Refunded);
            Assert.Equal(49, stand.App.Provider.Refunds[$"{orderNo}R1"]);
            orderNo = await stand.ReserveAsync();
        }
        Assert.Equal(200, (await PayAsync(stand, way, orderNo, 0.50)).Code);
        await stand.CheckAsync();
    }

    private static Task<Answer> PayAsync(Stand stand, string way, string orderNo, double amount) => way switch
    {
        "prepay" => stand.Rider.PrepayAsync(orderNo, amount),
        "balance" => stand.PayWithBalanceAsync(orderNo, amount),
        _ => stand.ChargeAsync(orderNo, amount),
    };
}
