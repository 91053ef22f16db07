using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Storage;
using Charging.Testing;

namespace Charging.Reliability.HeavyMessages;

/// <summary>A server with a pile of 99 plugs, of which many charge, whose connection then is the attacker's; and honest piles and riders beside it.</summary>
internal sealed class HeavyPlace : IAsyncDisposable
{
    // A rider has as many charges at once as nobody is asked about.
    private const int ChargesOfRider = 4;

    private HeavyPlace(ChargingApp app, string device, string secret, string honest, IReadOnlyList<Rider> riders, KnownOrders known)
    {
        (App, Device, Honest, Riders, Known) = (app, device, honest, riders, known);
        Sender = new HeavySender(app.PilePort, device, secret);
    }

    public ChargingApp App { get; }

    /// <summary>The pile that sends heavy messages.</summary>
    public string Device { get; }

    /// <summary>An honest pile.</summary>
    public string Honest { get; }

    /// <summary>Honest riders.</summary>
    public IReadOnlyList<Rider> Riders { get; }

    public KnownOrders Known { get; }

    /// <summary>The pile's side of its connection.</summary>
    public HeavySender Sender { get; }

    /// <summary>Opens it.</summary>
    /// <param name="engine">Where the server keeps its data.</param>
    /// <param name="charges">How many plugs of the pile charge.</param>
    /// <param name="store">Put before the server's store; null for none.</param>
    public static async Task<HeavyPlace> OpenAsync(StoreEngine engine, int charges, MeteredStore? store)
    {
        // More events than the server acts on in a day are sent here in minutes.
        string[] settings = ["--Charging:Piles:MaxEventsPerDay=1000000", "--Logging:LogLevel:Default=Warning", "--Logging:LogLevel:Grpc=Error", "--Logging:LogLevel:Microsoft.AspNetCore=Error"];
        var database = engine == StoreEngine.PostgreSql ? TestStore.On(await (await PostgresServer.SharedAsync()).NewDatabaseAsync()) : [];
        var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = settings, Store = database, Configure = store is null ? null : store.Use });
        var honest = await app.AddPileAsync();
        var pile = await app.AddPileAsync(new SimulatedPileOptions { DeviceNo = "", Secret = "", PlugCount = HeavyKind.Plugs });
        var riders = new List<Rider>();
        for (var n = 0; n < 1 + ((charges + 3) / ChargesOfRider); n++)
            riders.Add(await app.RegisterAsync());
        await riders[0].TopUpAsync(100);
        await riders[0].PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });

        var foreign = new[] { await ChargeAsync(riders[0], honest, 1), await ChargeAsync(riders[0], honest, 2) };
        var over = new[] { await ChargeAsync(riders[0], pile, 98), await ChargeAsync(riders[0], pile, 99) };
        pile.EndCharge(98, EndReason.Full);
        pile.EndCharge(99, EndReason.Full);
        await pile.WaitUntilAsync("the ends were acknowledged", it => it.Unacknowledged.Count == 0);
        var live = new List<string>();
        for (var plug = 1; plug <= charges; plug++)
            live.Add(await ChargeAsync(riders[1 + ((plug - 1) / ChargesOfRider)], pile, plug));
        pile.CutLink();
        await pile.WaitUntilAsync("its connection is free", it => !it.IsConnected);
        return new HeavyPlace(app, pile.Options.DeviceNo, pile.Options.Secret, honest.Options.DeviceNo, riders, new KnownOrders(live, over, foreign, "2577522B"));
    }

    public async ValueTask DisposeAsync()
    {
        await Sender.DisposeAsync();
        await App.DisposeAsync();
    }

    private static async Task<string> ChargeAsync(Rider rider, SimulatedPile pile, int plug)
    {
        var (device, text) = (pile.Options.DeviceNo, plug.ToString("D2", System.Globalization.CultureInfo.InvariantCulture));
        var reserved = await rider.ReserveAsync(device, text);
        var orderNo = reserved.Data?.GetString() ?? throw new InvalidOperationException($"Plug {plug} was not reserved: {reserved.Text}");
        var charged = await rider.ChargeAsync(device, text, orderNo, 5);
        return charged.Code == 200 ? orderNo : throw new InvalidOperationException($"Plug {plug} does not charge: {charged.Text}");
    }
}
