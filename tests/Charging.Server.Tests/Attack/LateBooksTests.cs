using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>A provider that learns of a payment after it was told to close it.</summary>
public sealed class LateBooksTests
{
    [Fact]
    public async Task What_the_provider_learns_after_the_closing_goes_back()
    {
        var provider = new AwkwardProvider();
        await using var stand = await Stand.OpenAsync(configure: provider.Use, settings: "--Charging:Payment:OwnPaymentService=true");
        var orderNo = await stand.ReserveAsync();
        await stand.LeaveAsync();
        await Retry.Until("it was asked", () => provider.Askings(orderNo) > 0);
        provider.Paid[orderNo] = 250;
        await stand.PassUntilAsync(orderNo, OrderState.Refunded);
        Assert.Equal(250, provider.Refunds[$"{orderNo}R1"]);
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task A_provider_that_never_says_closed_is_not_asked_for_ever()
    {
        var provider = new AwkwardProvider();
        await using var stand = await Stand.OpenAsync(configure: provider.Use, settings: "--Charging:Payment:OwnPaymentService=true");
        var orderNo = await stand.ReserveAsync();
        await stand.LeaveAsync();
        await Retry.Until("it was asked", () => provider.Askings(orderNo) > 0);
        await Retry.Until("nothing is due", async () =>
        {
            await stand.PassAsync(TimeSpan.FromMinutes(2));
            return await stand.App.Services.GetRequiredService<IStore>()
                .RunAsync(async tx => await tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Close, orderNo)) is null);
        });
        Assert.InRange(provider.Askings(orderNo), 2, 20);
    }
}
