using System.Net;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Broker;

/// <summary>The server with Mosquitto between it and the piles.</summary>
public sealed class ExternalBrokerTests : IAsyncLifetime
{
    private MosquittoServer _broker = null!;
    private ChargingApp _app = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await MosquittoServer.StartAsync();
        _app = await ChargingApp.StartAsync(new ChargingAppOptions { Broker = _broker });
        await UntilReadyAsync(HttpStatusCode.OK);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Theory]
    [InlineData(PileEncoding.Json)]
    [InlineData(PileEncoding.Binary)]
    public async Task A_charge_runs_from_the_phone_to_the_end_of_the_battery(PileEncoding encoding)
    {
        var pile = await AddPileAsync(new SimulatedPileOptions { DeviceNo = "", Secret = "", Encoding = encoding });
        var rider = await _app.RegisterAsync();

        var orderNo = await BeginAsync(rider, pile);
        pile.BatteryFull(2);
        await pile.WaitUntilAsync("every event was acknowledged", it => it.Unacknowledged.Count == 0);

        await UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal(1, pile.Totals.ChargesStarted);
        await _app.CheckInvariantsAsync();
    }

    [Fact]
    public async Task A_card_swipe_is_decided_once()
    {
        var pile = await AddPileAsync();
        Assert.Equal(CardReason.UnknownCard, (await pile.SwipeAsync(1, "2577522B")).Reason);
    }

    [Fact]
    public async Task A_will_makes_a_pile_offline_and_the_next_connection_online_again()
    {
        var pile = await AddPileAsync();
        pile.CutLink();
        await Retry.Until("the will has come", () => !Board.IsOnline(DeviceOf(pile)));
        Assert.Equal(PileReach.Offline, Board.Reach(DeviceOf(pile)));

        pile.RestoreLink();
        await _app.WaitUntilOnlineAsync(pile);
        Assert.Equal(200, (await (await _app.RegisterAsync()).ReserveAsync(pile.Options.DeviceNo, "02")).Code);
    }

    [Fact]
    public async Task What_the_broker_has_kept_of_a_pile_that_is_gone_does_not_show_it_online()
    {
        var device = ChargingApp.NewDeviceNo();
        var secret = await _app.RegisterPileAsync(device);
        await using (var pile = await RawPile.ConnectAsync(_app, device, secret))
        {
            await pile.ReportAsync(new PlugStatus { Plug = 1, State = PlugState.Idle });
            await pile.HearAsync(command => command.SetTime is not null);
            // As after a power cut of the broker: no will was published, and the status of then is all that is left.
            await pile.GoAsync();
        }
        await _app.RestartAsync();
        await UntilReadyAsync(HttpStatusCode.OK);
        var other = await AddPileAsync();

        Assert.False(Board.IsOnline(DeviceNo.Parse(device)));
        Assert.Equal(3004, (await (await _app.RegisterAsync()).ReserveAsync(device, "01")).Code);
        Assert.True(Board.IsOnline(DeviceOf(other)));
    }

    [Fact]
    public async Task A_server_that_starts_again_asks_the_piles_that_are_there_and_does_not_wait_for_their_next_status()
    {
        var pile = await AddPileAsync(new SimulatedPileOptions { DeviceNo = "", Secret = "", Heartbeat = TimeSpan.FromHours(1) });
        await _app.RestartAsync();
        await _app.WaitUntilOnlineAsync(pile);
        await BeginAsync(await _app.RegisterAsync(), pile);
    }

    [Fact]
    public async Task Without_the_broker_the_server_is_not_ready_and_with_it_again_nothing_is_lost()
    {
        var pile = await AddPileAsync();
        var rider = await _app.RegisterAsync();
        var orderNo = await BeginAsync(rider, pile);

        await _broker.StopAsync();
        await UntilReadyAsync(HttpStatusCode.ServiceUnavailable);
        pile.BatteryFull(2);
        await _broker.StartAgainAsync();
        await UntilReadyAsync(HttpStatusCode.OK);

        await UntilAsync(orderNo, OrderState.Settled);
        await _app.WaitUntilOnlineAsync(pile);
        await BeginAsync(rider, pile, 3);
        await _app.CheckInvariantsAsync();
    }

    [Fact]
    public async Task A_start_for_a_pile_that_has_just_gone_is_refunded_at_once()
    {
        var pile = await AddPileAsync();
        var rider = await _app.RegisterAsync();
        var orderNo = (await rider.ReserveAsync(pile.Options.DeviceNo, "02")).Data!.Value.GetString()!;
        // Gone without a will: for the server it is online.
        await _broker.LetInAsync(new Dictionary<string, string>());
        await pile.WaitUntilAsync("the broker has put it out", it => !it.IsConnected);

        Assert.Equal(3004, (await rider.ChargeAsync(pile.Options.DeviceNo, "02", orderNo, 1.01)).Code);

        await UntilAsync(orderNo, OrderState.Refunded);
    }

    [Fact]
    public async Task A_pile_that_subscribes_late_is_told_the_time_with_its_next_status()
    {
        var device = ChargingApp.NewDeviceNo();
        await using var pile = await RawPile.ConnectDeafAsync(_app, device, await _app.RegisterPileAsync(device));
        await pile.ReportAsync(new PlugStatus { Plug = 1, State = PlugState.Idle });
        await Retry.Until("the time could not be told", () => Board.Find(DeviceNo.Parse(device)) is { Status: not null, TimeSentAt: null });

        await pile.SubscribeAsync();
        await pile.ReportAsync(new PlugStatus { Plug = 1, State = PlugState.Idle });

        await pile.HearAsync(command => command.SetTime is not null);
    }

    [Fact]
    public async Task A_retired_pile_and_an_old_secret_are_left_out_of_the_export()
    {
        var device = ChargingApp.NewDeviceNo();
        var secret = await _app.RegisterPileAsync(device);
        var admin = _app.Services.GetRequiredService<PileAdmin>();
        var renewed = (await admin.RotateSecretAsync(DeviceNo.Parse(device))).Value!;
        await _app.ExportAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => RawPile.ConnectAsync(_app, device, secret));
        await (await RawPile.ConnectAsync(_app, device, renewed)).DisposeAsync();

        await _app.Services.GetRequiredService<IStore>().RunAsync(async tx =>
            await RetiredPiles.RetireAsync(tx, (await tx.GetAsync(PileTables.Piles, device))!));
        await _app.ExportAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => RawPile.ConnectAsync(_app, device, renewed));
    }

    [Fact]
    public async Task The_password_of_the_nodes_is_dear_to_guess_and_a_piles_secret_cheap_to_check()
    {
        await _app.RegisterPileAsync(ChargingApp.NewDeviceNo());
        var lines = _app.Services.GetRequiredService<MqttExport>().Passwords.ToList();
        Assert.StartsWith($"{MosquittoServer.NodeName}:$7$100000$", lines[0]);
        Assert.Contains(":$7$101$", lines[1]);
    }

    private static DeviceNo DeviceOf(SimulatedPile pile) => DeviceNo.Parse(pile.Options.DeviceNo);

    private Server.Piles.Board Board => _app.Services.GetRequiredService<Server.Piles.Board>();

    private Task<SimulatedPile> AddPileAsync(SimulatedPileOptions? options = null) => _app.AddPileAsync(options);

    private static async Task<string> BeginAsync(Rider rider, SimulatedPile pile, int plug = 2)
    {
        var orderNo = (await rider.ReserveAsync(pile.Options.DeviceNo, $"{plug:D2}")).Data!.Value.GetString()!;
        var answer = await rider.ChargeAsync(pile.Options.DeviceNo, $"{plug:D2}", orderNo, 1.01);
        Assert.True(answer.Code == 200, answer.Text);
        return orderNo;
    }

    private Task UntilAsync(string orderNo, OrderState state) => Retry.Until($"order {orderNo} is {state}", async () =>
        (await _app.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(OrderTables.Orders, orderNo)))!.State == state);

    private Task UntilReadyAsync(HttpStatusCode status) => Retry.Until(
        $"/readyz answers {status}", async () => (await _app.Http.GetAsync("/readyz")).StatusCode == status);
}
