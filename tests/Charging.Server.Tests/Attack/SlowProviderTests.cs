using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>A provider that takes its time holds nobody up.</summary>
public sealed class SlowProviderTests
{
    [Fact]
    public async Task A_slow_provider_does_not_hold_up_the_starts()
    {
        var provider = new AwkwardProvider { Confirms = true };
        await using var stand = await Stand.OpenAsync(configure: provider.Use, settings: "--Charging:Payment:OwnPaymentService=true");
        provider.ClosesSlowly = true;
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx =>
        {
            for (var n = 0; n < 300; n++)
                tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Close, Subject = $"20191204{n:D10}", DueAt = tx.Now });
            return ValueTask.FromResult(true);
        });
        await Retry.Until("the provider is busy", () => provider.Closing == 64);
        var orderNo = await stand.ReserveAsync();
        var call = stand.ChargeAsync(orderNo);
        await Retry.Until("the charge has started while the provider is busy", () => call.IsCompleted);
        Assert.Equal(64, provider.Closing);
        provider.LetGo();
        Assert.Equal(200, (await call).Code);
    }
}
