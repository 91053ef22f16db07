using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>What riders, piles and operators did on a server that is then moved, and what must go on where it is moved to.</summary>
internal sealed class History
{
    private const string Card = "2577522B";

    private string _rider = "";
    private string _charging = "";
    private string _reserved = "";
    private double _balance;

    public required SimulatedPile Pile { get; init; }

    public required int MqttPort { get; init; }

    private string Device => Pile.Options.DeviceNo;

    /// <summary>Lives it, and stops the server while a rider charges and another has reserved.</summary>
    public static async Task<History> LiveAsync(MovePlace place)
    {
        await using var app = await place.ServeAsync();
        var device = ChargingApp.NewDeviceNo();
        var secret = await app.Services.GetRequiredService<PileAdmin>().RegisterAsync(DeviceNo.Parse(device), 10, PlugNumbers.Decimal);
        var pile = new SimulatedPile(new SimulatedPileOptions { DeviceNo = device, Secret = secret!, Port = app.Port("Mqtt"), Speed = 1 });
        await pile.StartAsync();
        await app.WaitUntilOnlineAsync(pile);
        var history = new History { Pile = pile, MqttPort = app.Port("Mqtt") };
        await history.OperateAsync(app, place);
        await history.RideAsync(app, place);
        return history;
    }

    /// <summary>The rider, the order under way and the numbers go on.</summary>
    public async Task GoesOnAsync(ChargingApp app)
    {
        await app.WaitUntilOnlineAsync(Pile);
        var rider = new Rider(app, "", _rider);
        Assert.Equal(_balance, await rider.BalanceAsync());
        Assert.Equal(1, (await rider.SeeAsync(Device)).Data!.Value.GetProperty("plugs")[0].GetInt32());
        Pile.Unplug(1);
        await Retry.Until("the charge is settled", async () => await StateAsync(app, _charging) == OrderState.Settled);
        Assert.True(string.CompareOrdinal((await rider.ReserveAsync(Device, "06")).Data!.Value.GetString()![8..], _reserved[8..]) > 0);
        Assert.Equal(200, (await rider.PostAsync("mobilePaymentCharging", new { body = new { deviceNo = Device, plug = "06" } })).Code);
        await app.CheckInvariantsAsync(knowsBooks: false);
    }

    private async Task OperateAsync(ChargingApp app, MovePlace place)
    {
        Assert.Equal(0, (await place.CtlAsync(app, "stations", "add", "gate", "--name", "东门🚗")).ExitCode);
        Assert.Equal(0, (await place.CtlAsync(app, "tariffs", "set", "cheap", "--electricity", "30")).ExitCode);
        Assert.Equal(0, (await place.CtlAsync(app, "cards", "issue", "111111786", Card)).ExitCode);
        Assert.Equal(0, (await place.CtlAsync(app, "keys", "add", "night shift", "--role", "Operator")).ExitCode);
        Pile.RaiseAlarm(AlarmCode.Door);
        await Pile.WaitUntilAsync("every event was acknowledged", it => it.Unacknowledged.Count == 0);
    }

    private async Task RideAsync(ChargingApp app, MovePlace place)
    {
        var rider = await app.RegisterAsync();
        _rider = rider.Token;
        await rider.TopUpAsync(7);
        await rider.PostAsync("bindCard", new { body = new { cardNo = Card } });
        await SwipeAsync(app);
        _charging = await PayAsync(rider, "01");
        var ended = await PayAsync(rider, "02");
        Pile.Unplug(2);
        await Retry.Until("it is settled", async () => await StateAsync(app, ended) == OrderState.Settled);
        await rider.ReserveAsync(Device, "03");
        await rider.LeaveAsync(Device, "03");
        await rider.NewTopUpAsync(5);
        var paid = (await rider.ReserveAsync(Device, "04")).Data!.Value.GetString()!;
        Assert.Equal(200, (await rider.ChargeAsync(Device, "04", paid, 1.00)).Code);
        Assert.Equal(0, (await place.CtlAsync(app, "orders", "force-end", paid, "--reason", "burnt down")).ExitCode);
        _balance = await rider.BalanceAsync();
        _reserved = (await (await app.RegisterAsync()).ReserveAsync(Device, "05")).Data!.Value.GetString()!;
    }

    private async Task SwipeAsync(ChargingApp app)
    {
        Assert.True((await Pile.SwipeAsync(7, Card)).Accepted);
        var store = app.Services.GetRequiredService<IStore>();
        await Retry.Until("the card's charge is there", async () => await store.ScanAsync(OrderTables.Orders.ByKey).AnyAsync(order => order.State == OrderState.Charging));
        Pile.Unplug(7);
        await Retry.Until("it is over", async () => await store.ScanAsync(OrderTables.Orders.ByKey).AllAsync(order => order.State == OrderState.Settled));
    }

    private async Task<string> PayAsync(Rider rider, string plug)
    {
        var orderNo = (await rider.ReserveAsync(Device, plug)).Data!.Value.GetString()!;
        var answer = await rider.PayWithBalanceAsync(Device, plug, orderNo, 1.01);
        return answer.Code == 200 ? orderNo : throw new InvalidOperationException(answer.Text);
    }

    private static async Task<OrderState> StateAsync(ChargingApp app, string orderNo) =>
        (await app.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(OrderTables.Orders, orderNo)))!.State;
}
