using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Piles;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Piles;

/// <summary>Who is online (device-protocol.md, What the server does).</summary>
public sealed class ConnectionTests
{
    private static readonly PlugStatus Plug = new() { Plug = 1, State = PlugState.Idle };

    [Fact]
    public async Task A_second_connection_takes_over_and_the_end_of_the_older_changes_nothing()
    {
        await using var stand = await Stand.OpenAsync();
        var device = ChargingApp.NewDeviceNo();
        var secret = await RawPile.RegisterAsync(stand.App, device);
        await using var older = await RawPile.ConnectAsync(stand.App, device, secret);
        await older.ReportAsync(Plug);
        await Retry.Until("it is online", () => IsOnlineAsync(stand, device));

        await using var newer = await RawPile.ConnectAsync(stand.App, device, secret);
        await Retry.Until("the older is closed", () => !older.IsConnected);
        Assert.False(await IsOnlineAsync(stand, device));
        await newer.ReportAsync(Plug);
        await Retry.Until("it is online", () => IsOnlineAsync(stand, device));
        await newer.HearAsync(command => command.SetTime is not null);
        Assert.True(await IsOnlineAsync(stand, device));
    }

    [Fact]
    public async Task The_will_of_another_connection_is_ignored_and_answered()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        await pile.SendAsync(new PileStatus { BootId = pile.BootId, ConnectionId = "older" });
        await pile.HearAsync(command => command.ReportStatus is not null);
        Assert.True(await IsOnlineAsync(stand, pile.Device));
        await pile.SendAsync(new PileStatus { BootId = pile.BootId, ConnectionId = pile.ConnectionId });
        await Retry.Until("its own will counts", async () => !await IsOnlineAsync(stand, pile.Device));
    }

    [Fact]
    public async Task A_gap_in_the_numbers_is_asked_about()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        for (uint seq = 2; seq < 10; seq++)
            await pile.ReportAsync(seq, Plug);
        Assert.DoesNotContain(pile.Received, command => command.ReportStatus is not null);
        await pile.ReportAsync(11, Plug);
        await pile.HearAsync(command => command.ReportStatus is not null);
        pile.BootId = "boot-2";
        await pile.ReportAsync(1, Plug);
        Assert.Single(pile.Received, command => command.ReportStatus is not null);
    }

    [Fact]
    public async Task A_pile_that_cannot_count_is_not_asked_again_and_again()
    {
        await using var stand = await Stand.OpenAsync();
        stand.Pile.Faults = new PileFaults { SkipSeq = true };
        stand.Pile.SendStatus();
        await stand.Pile.WaitForCommandAsync(command => command.ReportStatus is not null);
        for (var i = 0; i < 50; i++)
            await stand.Rider.SeeAsync(stand.Device);
        Assert.InRange(stand.Pile.Received.Count(command => command.ReportStatus is not null), 1, 2);
    }

    [Fact]
    public async Task Three_heartbeats_of_silence_are_offline_and_any_message_is_a_sign_of_life()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        stand.Clock.Advance(TimeSpan.FromSeconds(180));
        Assert.True(await IsOnlineAsync(stand, pile.Device));
        await pile.SendAsync(new PileTelemetry { BootId = pile.BootId });
        await Retry.Until("it was heard", () => Heard(stand, pile.Device) == stand.Clock.GetUtcNow());
        stand.Clock.Advance(TimeSpan.FromSeconds(181));
        Assert.False(await IsOnlineAsync(stand, pile.Device));
        await pile.ReportAsync(Plug);
        await Retry.Until("it is online", () => IsOnlineAsync(stand, pile.Device));
    }

    [Fact]
    public async Task The_time_goes_out_at_connect_and_every_twelve_hours()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        for (var i = 0; i < 120; i++)
        {
            Assert.Equal(1, Times(pile));
            stand.Clock.Advance(TimeSpan.FromSeconds(359));
            await pile.ReportAsync(Plug);
            await Retry.Until("it was heard", () => Heard(stand, pile.Device) == stand.Clock.GetUtcNow());
        }
        stand.Clock.Advance(TimeSpan.FromSeconds(120));
        await pile.ReportAsync(Plug);
        await Retry.Until("it hears the time again", () => Times(pile) == 2);
        Assert.Equal(stand.Clock.GetUtcNow(), pile.Received.Last(command => command.SetTime is not null).SetTime.Now.ToDateTimeOffset());
    }

    private static int Times(RawPile pile) => pile.Received.Count(command => command.SetTime is not null);

    private static DateTimeOffset? Heard(Stand stand, string device) =>
        stand.App.Services.GetRequiredService<Board>().Find(MqttBroker.DeviceNo.Parse(device))?.HeardAt;

    private static async Task<bool> IsOnlineAsync(Stand stand, string device) =>
        (await stand.Rider.SeeAsync(device)).Data!.Value.GetProperty("status").GetInt32() == 1;
}
