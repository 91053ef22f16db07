using Charging.Device.V1;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>A pile that reports plugs that no pile has.</summary>
public sealed class ForeignPlugTests
{
    [Theory]
    [InlineData(0u)]
    [InlineData(11u)]
    [InlineData(100u)]
    [InlineData(uint.MaxValue)]
    public async Task A_plug_that_no_pile_has_does_not_keep_the_server_from_starting(uint plug)
    {
        await using var stand = await Stand.OpenAsync();
        await using (var pile = await RawPile.OpenAsync(stand.App))
        {
            await pile.ReportAsync(new PlugStatus { Plug = plug, State = PlugState.Charging, OrderNo = "201901010000000001" });
            await pile.RaiseAsync(1, raised => raised.ChargeEnded = new ChargeEnded { OrderNo = "201901010000000001", Plug = plug });
            await pile.AckedAsync(1);
        }
        await stand.App.RestartAsync();
        Assert.Equal(200, (await stand.Rider.SeeAsync(stand.Device)).Code);
        await stand.CheckAsync();
    }
}
