using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Piles;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Piles;

/// <summary>getPileStatus, as riders see it (contract section 5), and how plugs are spelled (section 3).</summary>
public sealed class PileStatusTests
{
    [Theory]
    [InlineData(PlugState.Idle, 0)]
    [InlineData(PlugState.Connected, 0)]
    [InlineData(PlugState.Charging, 1)]
    [InlineData(PlugState.Finished, 1)]
    [InlineData(PlugState.Fault, 2)]
    [InlineData(PlugState.Unspecified, 2)]
    [InlineData((PlugState)77, 2)]
    [InlineData(null, 2)]
    public async Task A_plug_is_free_only_when_its_pile_says_so(PlugState? state, int seen)
    {
        await using var app = await ChargingApp.StartAsync();
        await using var pile = await RawPile.OpenAsync(app, plugs: 3);
        var rider = await app.RegisterAsync();
        await pile.ReportAsync(new PlugStatus { Plug = 1, State = PlugState.Connected });
        PlugStatus[] others = [new() { Plug = 3, State = PlugState.Idle }, new() { Plug = 1, State = PlugState.Idle }];
        await pile.ReportAsync(state is { } reported ? [.. others, new PlugStatus { Plug = 2, State = reported }] : others);

        await Retry.Until("the plugs are seen", async () => await PlugsAsync(rider, pile.Device) == $"1: 0{seen}0");
        await app.CheckInvariantsAsync();
    }

    [Fact]
    public async Task What_is_not_known_of_an_offline_pile_is_never_free()
    {
        await using var stand = await Stand.OpenAsync(new SimulatedPileOptions { DeviceNo = "", Secret = "", PlugCount = 3 });
        await stand.ReserveAsync(2);
        Assert.Equal("1: 010", await PlugsAsync(stand.Rider, stand.Device));

        stand.Pile.CutLink();
        await Retry.Until("the pile is offline", async () => await PlugsAsync(stand.Rider, stand.Device) == "0: 212");
        Assert.Equal(3004, (await stand.Rider.ReserveAsync(stand.Device, "01")).Code);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task After_a_restart_a_pile_is_offline_until_it_is_heard()
    {
        await using var stand = await Stand.OpenAsync(new SimulatedPileOptions { DeviceNo = "", Secret = "", PlugCount = 2 });
        await stand.ReserveAsync(1);
        stand.Pile.CutLink();
        await stand.App.RestartAsync();
        Assert.Equal("0: 12", await PlugsAsync(stand.Rider, stand.Device));
        stand.Pile.RestoreLink();
        await Retry.Until("the pile was heard", async () => await PlugsAsync(stand.Rider, stand.Device) == "1: 10");
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData(PlugNumbers.Decimal, 10, "10", "10")]
    [InlineData(PlugNumbers.Decimal, 10, "0A", "10")]
    [InlineData(PlugNumbers.Decimal, 10, "0a", "10")]
    [InlineData(PlugNumbers.Decimal, 15, "0F", "15")]
    [InlineData(PlugNumbers.Decimal, 16, "16", "16")]
    [InlineData(PlugNumbers.Hex, 10, "0A", "0A")]
    [InlineData(PlugNumbers.Hex, 99, "63", "63")]
    [InlineData(PlugNumbers.Hex, 16, "10", "10")]
    [InlineData(PlugNumbers.Decimal, 99, "99", "99")]
    public async Task A_plug_is_read_and_written_as_its_pile_counts(PlugNumbers numbers, int plugs, string said, string written)
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync(new SimulatedPileOptions { DeviceNo = "", Secret = "", PlugCount = plugs }, plugNumbers: numbers);
        var rider = await app.RegisterAsync();
        var orderNo = (await rider.ReserveAsync(pile.Options.DeviceNo, said)).Data!.Value.GetString()!;
        Assert.Equal(200, (await rider.ChargeAsync(pile.Options.DeviceNo.ToLowerInvariant(), said, orderNo, "1.01")).Code);
        var order = (await rider.ListAsync()).Data!.Value.GetProperty("list")[0];
        Assert.Equal(written, order.GetProperty("plugNo").GetString());
        await app.CheckInvariantsAsync();
    }

    [Theory]
    [InlineData(PlugNumbers.Decimal, 10, "00")]
    [InlineData(PlugNumbers.Decimal, 10, "11")]
    [InlineData(PlugNumbers.Decimal, 10, "0B")]
    [InlineData(PlugNumbers.Decimal, 16, "0A")]
    [InlineData(PlugNumbers.Decimal, 10, "A0")]
    [InlineData(PlugNumbers.Hex, 10, "10")]
    [InlineData(PlugNumbers.Hex, 10, "00")]
    [InlineData(PlugNumbers.Decimal, 10, "1")]
    [InlineData(PlugNumbers.Decimal, 10, "001")]
    [InlineData(PlugNumbers.Decimal, 10, " 1")]
    [InlineData(PlugNumbers.Decimal, 10, "-1")]
    [InlineData(PlugNumbers.Decimal, 10, "+1")]
    [InlineData(PlugNumbers.Decimal, 10, "１２")]
    [InlineData(PlugNumbers.Decimal, 10, "")]
    public async Task A_plug_out_of_range_is_403(PlugNumbers numbers, int plugs, string plug)
    {
        await using var app = await ChargingApp.StartAsync();
        var device = ChargingApp.NewDeviceNo();
        await RawPile.RegisterAsync(app, device, plugs, numbers);
        var rider = await app.RegisterAsync();
        Assert.Equal(403, (await rider.ReserveAsync(device, plug)).Code);
        Assert.Equal(403, (await rider.LeaveAsync(device, plug)).Code);
    }

    [Fact]
    public async Task A_pile_that_is_not_registered_is_3003_and_a_malformed_number_403()
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync();
        Assert.Equal(3003, (await rider.SeeAsync("FFFFFFFFFF")).Code);
        foreach (var device in new[] { "", "FFFFFFFFF", "FFFFFFFFFFF", "GGGGGGGGGG", "014441 C53" })
            Assert.Equal(403, (await rider.SeeAsync(device)).Code);
    }

    private static async Task<string> PlugsAsync(Rider rider, string device)
    {
        var data = (await rider.SeeAsync(device)).Data!.Value;
        return $"{data.GetProperty("status").GetInt32()}: {string.Concat(data.GetProperty("plugs").EnumerateArray().Select(plug => plug.GetInt32()))}";
    }
}
