using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>A provider that says that nothing was paid, in the wrong way.</summary>
public sealed class PaidNothingTests
{
    [Fact]
    public async Task A_payment_of_nothing_is_not_to_be_trusted_and_not_asked_about_for_ever()
    {
        var provider = new AwkwardProvider();
        await using var stand = await Stand.OpenAsync(configure: provider.Use, settings: "--Charging:Payment:OwnPaymentService=true");
        var orderNo = await stand.ReserveAsync();
        provider.Paid[orderNo] = 0;
        Assert.Equal(402, (await stand.ChargeAsync(orderNo)).Code);
        Assert.Equal(OrderState.Reserved, (await stand.OrderAsync(orderNo)).State);
        await stand.LeaveAsync();
        await Retry.Until("nothing is due", async () =>
        {
            await stand.PassAsync(TimeSpan.FromMinutes(2));
            return await stand.App.Services.GetRequiredService<IStore>()
                .RunAsync(async tx => await tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Close, orderNo)) is null);
        });
        await stand.CheckAsync();
    }
}
