using System.Net;
using System.Net.Sockets;
using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Charging.Server.Tests.Broker;

/// <summary>Two nodes, one PostgreSQL, one Mosquitto.</summary>
public sealed class TwoNodesTests : IAsyncLifetime
{
    private MosquittoServer _broker = null!;
    private TcpProxy _wire = null!;
    private TcpProxy _storeWire = null!;
    private ChargingApp _first = null!;
    private ChargingApp _second = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await MosquittoServer.StartAsync();
        _wire = new TcpProxy(new IPEndPoint(IPAddress.Loopback, _broker.NodePort));
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        var wired = new NpgsqlConnectionStringBuilder(database);
        _storeWire = new TcpProxy(new UnixDomainSocketEndPoint(Path.Combine(wired.Host!, ".s.PGSQL.5432")));
        (wired.Host, wired.Port, wired.SslMode) = ("127.0.0.1", _storeWire.Port, SslMode.Disable);
        // Both see one provider's books.
        var payments = new SandboxPaymentProvider(new PaymentOptions());
        _first = await ChargingApp.StartAsync(new ChargingAppOptions
        {
            Broker = _broker,
            Store = TestStore.On(wired.ConnectionString),
            Settings = [$"--Charging:Mqtt:Url=mqtt://127.0.0.1:{_wire.Port}"],
            Configure = PayThere,
        });
        _second = await ChargingApp.StartAsync(new ChargingAppOptions { Broker = _broker, Store = TestStore.On(database), Configure = PayThere });
        foreach (var app in new[] { _first, _second })
            await Retry.Until("the node is ready", async () => (await app.Http.GetAsync("/readyz")).IsSuccessStatusCode);

        void PayThere(WebApplicationBuilder builder)
        {
            builder.Services.AddSingleton(payments);
            builder.Services.AddSingleton<IPaymentProvider>(payments);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        await _wire.DisposeAsync();
        await _storeWire.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task A_reservation_on_one_node_is_busy_on_the_other_within_a_second()
    {
        var pile = await AddPileAsync();
        await _second.WaitUntilOnlineAsync(pile);
        var rider = await _first.RegisterAsync();
        Assert.Equal(200, (await rider.ReserveAsync(pile.Options.DeviceNo, "02")).Code);
        var since = TimeProvider.System.GetTimestamp();

        await Retry.Until("the other node shows it as busy", () => StatesOf(_second).StateOf(DeviceNo.Parse(pile.Options.DeviceNo)).Value!.Plugs[1] == PlugView.Busy);

        Assert.InRange(TimeProvider.System.GetElapsedTime(since).TotalSeconds, 0, 1);
    }

    [Fact]
    public async Task Charges_that_are_begun_on_either_node_start_once_and_end_once()
    {
        var pile = await AddPileAsync();
        await _second.WaitUntilOnlineAsync(pile);
        var orders = new List<string>();
        foreach (var (app, plug) in new[] { (_first, "01"), (_second, "02"), (_first, "03"), (_second, "04") })
        {
            var rider = await app.RegisterAsync();
            var orderNo = (await rider.ReserveAsync(pile.Options.DeviceNo, plug)).Data!.Value.GetString()!;
            var answer = await rider.ChargeAsync(pile.Options.DeviceNo, plug, orderNo, 1.01);
            Assert.True(answer.Code == 200, answer.Text);
            orders.Add(orderNo);
        }

        for (var plug = 1; plug <= orders.Count; plug++)
            pile.BatteryFull(plug);
        await pile.WaitUntilAsync("every event was acknowledged", it => it.Unacknowledged.Count == 0);

        foreach (var orderNo in orders)
            await Retry.Until($"{orderNo} is settled", async () => (await FindAsync(orderNo)).State == OrderState.Settled);
        Assert.Equal(orders.Count, pile.Totals.ChargesStarted);
        await _first.CheckInvariantsAsync();
    }

    [Fact]
    public async Task A_node_that_goes_leaves_its_piles_to_the_other()
    {
        var pile = await AddPileAsync();
        await _second.WaitUntilOnlineAsync(pile);
        var rider = await _first.RegisterAsync();
        var orderNo = (await rider.ReserveAsync(pile.Options.DeviceNo, "01")).Data!.Value.GetString()!;
        Assert.Equal(200, (await rider.ChargeAsync(pile.Options.DeviceNo, "01", orderNo, 1.01)).Code);

        await _first.StopAsync();
        pile.BatteryFull(1);

        // What the other node was too busy to keep comes again after ten seconds.
        await pile.WaitUntilAsync("the other node has acknowledged the end", it => it.Unacknowledged.Count == 0, TimeSpan.FromSeconds(30));
        await Retry.Until("the order is settled", async () => (await FindAsync(orderNo)).State == OrderState.Settled);
    }

    [Fact]
    public async Task A_node_that_is_cut_off_from_the_broker_leaves_starts_and_stops_to_the_other()
    {
        var pile = await AddPileAsync();
        await _second.WaitUntilOnlineAsync(pile);
        var rider = await _first.RegisterAsync();
        var orderNo = (await rider.ReserveAsync(pile.Options.DeviceNo, "01")).Data!.Value.GetString()!;
        _wire.Cut();
        await Retry.Until("the first node is cut off", () => _first.Services.GetRequiredService<IPileLink>().Trouble is not null);

        var answer = await rider.ChargeAsync(pile.Options.DeviceNo, "01", orderNo, 1.01);
        Assert.True(answer.Code == 200, answer.Text);
        Assert.Equal(1, pile.StartsObeyed(orderNo));

        var stopped = await rider.StopAsync(orderNo);
        Assert.True(stopped.Code == 200, stopped.Text);
    }

    [Fact]
    public async Task What_was_reserved_on_a_node_that_hangs_is_paid_on_the_other_and_its_events_go_there()
    {
        var pile = await AddPileAsync();
        await _second.WaitUntilOnlineAsync(pile);
        var rider = await _first.RegisterAsync();
        var orderNo = (await rider.ReserveAsync(pile.Options.DeviceNo, "01")).Data!.Value.GetString()!;
        await Retry.Until("the other node knows the rider", async () => (await _second.PostAsync("getCardno", new { }, rider.Token)).Code == 200);
        _storeWire.Cut();
        var hanging = rider.ChargeAsync(pile.Options.DeviceNo, "01", orderNo, 1.01);
        var answer = await new Rider(_second, rider.Phone, rider.Token).ChargeAsync(pile.Options.DeviceNo, "01", orderNo, 1.01);
        Assert.True(answer.Code == 200, answer.Text);

        await Retry.Until("the first node leaves the events", () => _broker.Log.Contains("Received UNSUBSCRIBE"));
        pile.BatteryFull(1);
        await pile.WaitUntilAsync("the end was acknowledged", it => it.Unacknowledged.Count == 0);
        Assert.Equal(OrderState.Settled, (await FindAsync(orderNo)).State);

        _storeWire.Mend();
        Assert.Contains((await hanging).Code, new[] { 200, 5000 });
        await Retry.Until("the first node is ready again", async () => (await _first.Http.GetAsync("/readyz")).IsSuccessStatusCode);
        Assert.Equal(1, pile.Totals.ChargesStarted);
        await _second.CheckInvariantsAsync();
    }

    // The other node may learn of the pile some milliseconds after its first status, and then hears the next.
    private Task<SimulatedPile> AddPileAsync() =>
        _first.AddPileAsync(new SimulatedPileOptions { DeviceNo = "", Secret = "", Heartbeat = TimeSpan.FromSeconds(1) });

    private static PileStates StatesOf(ChargingApp app) => app.Services.GetRequiredService<PileStates>();

    private async Task<Order> FindAsync(string orderNo) =>
        (await _second.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(OrderTables.Orders, orderNo)))!;
}
