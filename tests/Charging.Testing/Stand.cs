using System.Text.Json;
using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Charging.Testing;

/// <summary>
/// A street corner: an app on a clock that the test moves, a pile with ten plugs and a vehicle at each, and a rider. What
/// most tests of orders begin with. Its verbs are the rider's.
/// </summary>
public sealed class Stand(ChargingApp app, SteppedClock clock, SimulatedPile pile, Rider rider) : IAsyncDisposable
{
    /// <summary>When the clock starts: 11:07 in Shanghai.</summary>
    public static readonly DateTimeOffset Beginning = new(2019, 12, 4, 3, 7, 0, TimeSpan.Zero);

    // Well within the 90 seconds of silence after which the broker hangs up.
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(30);

    /// <summary>The app.</summary>
    public ChargingApp App => app;

    /// <summary>Its clock.</summary>
    public SteppedClock Clock => clock;

    /// <summary>The pile.</summary>
    public SimulatedPile Pile => pile;

    /// <summary>The rider.</summary>
    public Rider Rider => rider;

    /// <summary>The pile's number.</summary>
    public string Device => pile.Options.DeviceNo;

    /// <summary>Opens one.</summary>
    /// <param name="options">What kind of pile.</param>
    /// <param name="configure">Replaces services.</param>
    /// <param name="settings">Settings as on the command line.</param>
    public static async Task<Stand> OpenAsync(
        SimulatedPileOptions? options = null, Action<WebApplicationBuilder>? configure = null, params string[] settings)
    {
        var clock = new SteppedClock(Beginning);
        var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock, Configure = configure, Settings = settings });
        return new Stand(app, clock, await app.AddPileAsync(options), await app.RegisterAsync());
    }

    /// <summary>Reserves a plug.</summary>
    /// <returns>The order number.</returns>
    public async Task<string> ReserveAsync(int plug = 2, Rider? by = null)
    {
        var answer = await (by ?? rider).ReserveAsync(Device, Write(plug));
        return answer.Data?.GetString() ?? throw new InvalidOperationException($"Plug {plug} was not reserved: {answer.Text}");
    }

    /// <summary>Says that an order was paid, and waits for power.</summary>
    public Task<Answer> ChargeAsync(string orderNo, object? amount = null, int plug = 2, Rider? by = null) =>
        (by ?? rider).ChargeAsync(Device, Write(plug), orderNo, amount ?? 1.01);

    /// <summary>Pays an order from the balance, and waits for power.</summary>
    public Task<Answer> PayWithBalanceAsync(string orderNo, object? amount = null, int plug = 2, Rider? by = null) =>
        (by ?? rider).PayWithBalanceAsync(Device, Write(plug), orderNo, amount ?? 1.01);

    /// <summary>Leaves the payment.</summary>
    public Task<Answer> LeaveAsync(int plug = 2, Rider? by = null) => (by ?? rider).LeaveAsync(Device, Write(plug));

    /// <summary>Reserves, pays, and sees the pile charge.</summary>
    /// <returns>The order number.</returns>
    public async Task<string> BeginAsync(int plug = 2, object? amount = null)
    {
        var orderNo = await ReserveAsync(plug);
        var answer = await ChargeAsync(orderNo, amount, plug);
        return answer.Code == 200 ? orderNo : throw new InvalidOperationException($"Plug {plug} does not charge: {answer.Text}");
    }

    /// <summary>What a rider sees of an order.</summary>
    public async Task<JsonElement> DetailAsync(string orderNo) => (await rider.DetailAsync(orderNo)).Data!.Value;

    /// <summary>Gives the pile, or another one, a tariff from now on.</summary>
    public Task PriceAsync(Tariff tariff, string? deviceNo = null) => app.Services.GetRequiredService<IStore>().RunAsync(async tx =>
    {
        tx.Put(Tariffs.Table, tariff);
        tx.Put(PileTables.Piles, (await tx.GetAsync(PileTables.Piles, deviceNo ?? Device))! with { Tariff = tariff.Name });
        return true;
    });

    /// <summary>What a rider sees of a plug: 0, 1 or 2.</summary>
    public async Task<int> SeeAsync(int plug = 2) =>
        (await rider.SeeAsync(Device)).Data!.Value.GetProperty("plugs")[plug - 1].GetInt32();

    /// <summary>The newest order of the rider's list.</summary>
    public async Task<JsonElement> NewestAsync() => (await rider.ListAsync()).Data!.Value.GetProperty("list")[0];

    /// <summary>Moves the clock until a call is answered.</summary>
    public async Task<Answer> WhileAsync(Task<Answer> call, TimeSpan? step = null)
    {
        await app.AdvanceUntil("the call is answered", () => call.IsCompleted, step);
        return await call;
    }

    /// <summary>Lets time pass, while the piles that are connected send their heartbeats.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= Step)
        {
            clock.Advance(left < Step ? left : Step);
            if (TestStore.IsPostgreSql)
                await app.FollowAsync();
            await Retry.Until("the pile was heard", () => !pile.IsConnected || View() is { IsConnected: false } || IsFresh());
        }
    }

    /// <summary>Takes a charge for as far as an hour at 180 W, without the hour.</summary>
    public Task ChargedForAnHourAsync(string orderNo) => app.Services.GetRequiredService<IStore>().RunAsync(async tx =>
    {
        tx.Put(OrderTables.Orders, (await tx.GetAsync(OrderTables.Orders, orderNo))! with { Seconds = 3600, EnergyWh = 180, MaxPowerW = 180 });
        return true;
    });

    /// <summary>Has the pile forget its orders, and the server notice it.</summary>
    public async Task ForgetAsync(string orderNo)
    {
        pile.Faults = new PileFaults { ForgetOrders = true };
        pile.SendStatus();
        await Retry.Until("the charge is missed", async () => await MissedAsync(orderNo) is not null);
        await pile.WaitForCommandAsync(command => command.ReportStatus is not null);
    }

    /// <summary>What is due for a charge that its pile does not know of, or null.</summary>
    public Task<DueRow?> MissedAsync(string orderNo) =>
        app.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Lost, orderNo)));

    /// <summary>An order as the store has it.</summary>
    public async Task<Order> OrderAsync(string orderNo) =>
        await app.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(OrderTables.Orders, orderNo))
        ?? throw new InvalidOperationException($"There is no order {orderNo}.");

    /// <summary>Waits, with the clock at rest, until an order is in one of some states.</summary>
    public Task UntilAsync(string orderNo, params OrderState[] states) => Retry.Until(
        $"order {orderNo} is {string.Join(" or ", states)}", async () => Array.IndexOf(states, (await OrderAsync(orderNo)).State) >= 0);

    /// <summary>Lets time pass, at most a day and a half, until an order is in a state.</summary>
    public Task PassUntilAsync(string orderNo, OrderState state) => Retry.Until($"order {orderNo} is {state} in time", async () =>
    {
        if ((await OrderAsync(orderNo)).State == state)
            return true;
        await PassAsync(Step);
        return false;
    });

    /// <summary>Insists on the invariants of money, plugs and orders.</summary>
    public Task CheckAsync(bool knowsBooks = true) => app.CheckInvariantsAsync(knowsBooks);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static string Write(int plug) => plug.ToString("D2", System.Globalization.CultureInfo.InvariantCulture);

    private PileView? View() => app.Services.GetRequiredService<Board>().Find(DeviceNo.Parse(Device));

    private bool IsFresh() => View() is { } view && clock.GetElapsedTime(view.HeardTimestamp) <= pile.Options.Heartbeat;
}
