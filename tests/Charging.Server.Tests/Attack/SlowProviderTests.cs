using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>A provider that takes its time holds nobody up.</summary>
public sealed class SlowProviderTests
{
    [Fact]
    public async Task A_slow_provider_does_not_hold_up_the_starts()
    {
        var provider = new AwkwardProvider { Confirms = true };
        await using var stand = await Stand.OpenAsync(configure: provider.Use);
        provider.ClosesSlowly = true;
        for (var i = 0; i < 260; i++)
        {
            await stand.ReserveAsync(1);
            await stand.LeaveAsync(1);
        }
        await Retry.Until("the provider is busy", () => provider.Closing >= 256);
        var orderNo = await stand.ReserveAsync();
        var call = stand.ChargeAsync(orderNo);
        await Retry.Until("the charge has started while the provider is busy", () => call.IsCompleted);
        Assert.True(provider.Closing >= 256);
        provider.LetGo();
        Assert.Equal(200, (await call).Code);
    }
}
