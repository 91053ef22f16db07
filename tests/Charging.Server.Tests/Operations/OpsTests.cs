using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Order = Charging.Server.Orders.Order;
using OrderState = Charging.Server.Orders.OrderState;
using OrderTag = Charging.Server.Orders.OrderTag;

namespace Charging.Server.Tests.Operations;

/// <summary>What operators see and do.</summary>
public sealed class OpsTests
{
    [Fact]
    public async Task A_pile_is_registered_once_and_gets_new_secrets()
    {
        await using var app = await ChargingApp.StartAsync();
        var piles = new PileService.PileServiceClient(app.AsOperator());
        var device = ChargingApp.NewDeviceNo();
        var registered = await piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = device.ToLowerInvariant(), PlugCount = 12, PlugNumbers = Ops.V1.PlugNumbers.Hex });
        Assert.Equal((device, 12), (registered.Pile.DeviceNo, registered.Pile.PlugCount));
        Assert.Matches("^[0-9a-f]{32}$", registered.Secret);
        Assert.Equal("0C", registered.Pile.Plugs[^1].Label);

        var again = await RefusedAsync(() => piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = device }).ResponseAsync);
        Assert.Equal(StatusCode.AlreadyExists, again.StatusCode);
        Assert.Equal(12, (await piles.GetPileAsync(new GetPileRequest { DeviceNo = device })).Pile.PlugCount);

        var rotated = await piles.RotatePileSecretAsync(new RotatePileSecretRequest { DeviceNo = device });
        Assert.NotEqual(registered.Secret, rotated.Secret);
        var registry = app.Services.GetRequiredService<PileRegistry>();
        Assert.Null(registry.Authenticate(DeviceNo.Parse(device), registered.Secret));
        Assert.Equal(2, registry.Authenticate(DeviceNo.Parse(device), rotated.Secret));
    }

    [Fact]
    public async Task Unset_fields_of_a_registration_have_defaults()
    {
        await using var app = await ChargingApp.StartAsync();
        var piles = new PileService.PileServiceClient(app.AsOperator());
        var pile = (await piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = ChargingApp.NewDeviceNo() })).Pile;
        Assert.Equal((10, Ops.V1.PlugNumbers.Decimal, false, 10), (pile.PlugCount, pile.PlugNumbers, pile.Online, pile.PlugsFault));
        Assert.Null(pile.HeardAt);
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused_with_what_to_do()
    {
        await using var app = await ChargingApp.StartAsync();
        var (piles, cards, orders, users) = Clients(app);
        var unknown = ChargingApp.NewDeviceNo();
        (StatusCode Code, string Hint, Func<Task> Call)[] cases =
        [
            (StatusCode.InvalidArgument, "10 hex digits", () => piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = "x\n" }).ResponseAsync),
            (StatusCode.InvalidArgument, "1 to 99", () => piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = unknown, PlugCount = 0 }).ResponseAsync),
            (StatusCode.InvalidArgument, "1 to 99", () => piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = unknown, PlugCount = 100 }).ResponseAsync),
            (StatusCode.InvalidArgument, "PLUG_NUMBERS_HEX", () => piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = unknown, PlugNumbers = (Ops.V1.PlugNumbers)9 }).ResponseAsync),
            (StatusCode.NotFound, "not registered", () => piles.GetPileAsync(new GetPileRequest { DeviceNo = unknown }).ResponseAsync),
            (StatusCode.NotFound, "not registered", () => piles.RotatePileSecretAsync(new RotatePileSecretRequest { DeviceNo = unknown }).ResponseAsync),
            (StatusCode.InvalidArgument, "1 to 200", () => piles.ListPilesAsync(new ListPilesRequest { PageSize = 201 }).ResponseAsync),
            (StatusCode.InvalidArgument, "next_page_token", () => piles.ListPilesAsync(new ListPilesRequest { PageToken = "!" }).ResponseAsync),
            (StatusCode.InvalidArgument, "next_page_token", () => cards.ListCardsAsync(new ListCardsRequest { PageToken = "AAAA" }).ResponseAsync),
            (StatusCode.InvalidArgument, "1 to 200", () => cards.IssueCardsAsync(new IssueCardsRequest()).ResponseAsync),
            (StatusCode.InvalidArgument, "without blanks", () => cards.IssueCardsAsync(new IssueCardsRequest { CardNos = { "1 2" } }).ResponseAsync),
            (StatusCode.InvalidArgument, "32 letters", () => orders.GetOrderAsync(new GetOrderRequest { OrderNo = "?" }).ResponseAsync),
            (StatusCode.NotFound, "no order", () => orders.GetOrderAsync(new GetOrderRequest { OrderNo = "1" }).ResponseAsync),
            (StatusCode.InvalidArgument, "ORDER_STATE_", () => orders.ListOrdersAsync(new ListOrdersRequest { State = (Ops.V1.OrderState)99 }).ResponseAsync),
            (StatusCode.InvalidArgument, "10 hex digits", () => orders.ListOrdersAsync(new ListOrdersRequest { DeviceNo = "1" }).ResponseAsync),
            (StatusCode.NotFound, "Nobody", () => orders.ListOrdersAsync(new ListOrdersRequest { Phone = ChargingApp.NewPhone() }).ResponseAsync),
            (StatusCode.InvalidArgument, "11 digits", () => users.GetUserAsync(new GetUserRequest { Phone = "110" }).ResponseAsync),
            (StatusCode.NotFound, "Nobody", () => users.GetUserAsync(new GetUserRequest { Phone = ChargingApp.NewPhone() }).ResponseAsync),
        ];
        foreach (var (code, hint, call) in cases)
        {
            var refusal = await RefusedAsync(call);
            Assert.Equal((hint, code), (hint, refusal.StatusCode));
            Assert.Contains(hint, refusal.Status.Detail);
            Assert.DoesNotContain('\n', refusal.Status.Detail);
        }
    }

    [Fact]
    public async Task Piles_are_listed_in_pages_by_number()
    {
        await using var app = await ChargingApp.StartAsync();
        var piles = new PileService.PileServiceClient(app.AsOperator());
        var devices = Enumerable.Range(0, 7).Select(_ => ChargingApp.NewDeviceNo()).ToList();
        foreach (var device in devices.AsEnumerable().Reverse())
            await piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = device });
        var (listed, sizes) = await PagesAsync(async token =>
        {
            var page = await piles.ListPilesAsync(new ListPilesRequest { PageSize = 3, PageToken = token });
            return (page.Piles.Select(pile => pile.DeviceNo), page.NextPageToken);
        });
        Assert.Equal(devices, listed);
        Assert.Equal([3, 3, 1], sizes);
    }

    [Fact]
    public async Task A_charge_is_seen_at_the_plug_and_in_the_orders()
    {
        await using var app = await ChargingApp.StartAsync();
        var (piles, _, orders, users) = Clients(app);
        var pile = await app.AddPileAsync();
        var device = pile.Options.DeviceNo;
        var rider = await app.RegisterAsync();
        var orderNo = (await rider.PostAsync("getOrderNo", new { body = new { deviceNo = device, plug = "02" } })).Data!.Value.GetString()!;
        Assert.Equal(orderNo, (await users.GetUserAsync(new GetUserRequest { Phone = rider.Phone })).User.UnpaidOrderNo);
        await rider.PostAsync("mobilePaymentCharging", new { body = new { deviceNo = device, plug = "02", orderNo, amount = 1.01 } });

        await Retry.Until("the pile shows the charge", async () => (await piles.GetPileAsync(new GetPileRequest { DeviceNo = device })).Pile.Plugs[1].PowerW > 0);
        var seen = (await piles.GetPileAsync(new GetPileRequest { DeviceNo = device })).Pile;
        Assert.Equal((true, 9, 1, 0), (seen.Online, seen.PlugsFree, seen.PlugsBusy, seen.PlugsFault));
        Assert.Equal(("02", Ops.V1.PlugState.Busy, orderNo), (seen.Plugs[1].Label, seen.Plugs[1].State, seen.Plugs[1].OrderNo));

        var order = (await orders.GetOrderAsync(new GetOrderRequest { OrderNo = orderNo })).Order;
        Assert.Equal((device, "02", rider.Phone, Ops.V1.OrderState.Charging), (order.DeviceNo, order.PlugLabel, order.Phone, order.State));
        Assert.Equal((101, 101, 0, 0), (order.PaidFen, order.HoldFen, order.OwedFen, order.RefundedFen));
        Assert.NotNull(order.StartedAt);
        Assert.Null(order.EndedAt);
        var user = (await users.GetUserAsync(new GetUserRequest { Phone = rider.Phone })).User;
        Assert.Equal((1, "", 0), (user.PaidOrders, user.UnpaidOrderNo, user.BalanceFen));
    }

    [Fact]
    public async Task Orders_are_found_by_every_filter_newest_first()
    {
        await using var app = await ChargingApp.StartAsync();
        var orders = new OrderService.OrderServiceClient(app.AsOperator());
        var riders = new[] { await app.RegisterAsync(), await app.RegisterAsync() };
        await StoreAsync(app, 2_600);

        Assert.Equal(5, (await orders.ListOrdersAsync(new ListOrdersRequest { PageSize = 5 })).Orders.Count);
        Assert.Equal("o02600", (await orders.ListOrdersAsync(new ListOrdersRequest { PageSize = 1 })).Orders.Single().OrderNo);
        await FindsAsync(new ListOrdersRequest { PageSize = 200 }, n => true);
        await FindsAsync(new ListOrdersRequest { PageSize = 7, DeviceNo = "00000000A0", State = Ops.V1.OrderState.Expired }, n => n % 100 == 0);
        await FindsAsync(new ListOrdersRequest { State = Ops.V1.OrderState.Refunded }, n => false);
        await FindsAsync(new ListOrdersRequest { InTrouble = true, PageSize = 2 }, n => n % 500 == 1);
        await FindsAsync(new ListOrdersRequest { InTrouble = true, DeviceNo = "00000000A0" }, n => false);
        await FindsAsync(new ListOrdersRequest { Phone = riders[1].Phone }, n => n % 100 != 0 && n % 2 == 1);
        await FindsAsync(new ListOrdersRequest { Phone = riders[0].Phone, InTrouble = true }, n => false);

        async Task FindsAsync(ListOrdersRequest request, Func<int, bool> fits)
        {
            var (found, _) = await PagesAsync(async token =>
            {
                request.PageToken = token;
                var page = await orders.ListOrdersAsync(request);
                return (page.Orders.Select(order => order.OrderNo), page.NextPageToken);
            });
            Assert.Equal(Enumerable.Range(1, 2_600).Where(fits).Reverse().Select(n => $"o{n:D5}"), found);
        }
    }

    [Fact]
    public async Task Cards_are_issued_once_and_listed_with_their_riders()
    {
        await using var app = await ChargingApp.StartAsync();
        var (_, cards, _, users) = Clients(app);
        var rider = await app.RegisterAsync();
        Assert.Equal(2, (await cards.IssueCardsAsync(new IssueCardsRequest { CardNos = { "111111786", "111111787" } })).Issued);
        Assert.Equal(1, (await cards.IssueCardsAsync(new IssueCardsRequest { CardNos = { "111111786", "111111788" } })).Issued);
        await rider.PostAsync("bindCard", new { body = new { cardNo = "111111787" } });
        await rider.PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });

        var listed = (await cards.ListCardsAsync(new ListCardsRequest())).Cards.Select(card => (card.CardNo, card.Kind, card.Phone));
        Assert.Equal(
            [("2577522B", CardKind.Physical, rider.Phone), ("111111786", CardKind.Virtual, ""), ("111111787", CardKind.Virtual, rider.Phone), ("111111788", CardKind.Virtual, "")],
            listed);
        Assert.Equal(["111111787", "2577522B"], (await users.GetUserAsync(new GetUserRequest { Phone = rider.Phone })).User.Cards.Select(card => card.CardNo));
    }

    [Fact]
    public async Task A_diagnosis_of_a_sound_server_has_no_warnings()
    {
        await using var app = await ChargingApp.StartAsync();
        await app.AddPileAsync();
        await app.Services.GetRequiredService<PileEvents>().QuarantineAsync(DeviceNo.Parse("0000000001"), "Unreadable.", new byte[3]);
        var found = (await new SystemService.SystemServiceClient(app.AsOperator()).DiagnoseAsync(new DiagnoseRequest())).Diagnosis;
        Assert.Empty(found.Warnings);
        Assert.Equal((true, 1, 1, 1), (found.StoreOk, found.PilesRegistered, found.PilesOnline, found.Quarantined));
        Assert.Equal(("Sandbox", app.Port("Mqtt")), (found.PaymentProvider, found.Listeners.Single(listener => listener.Name == "Mqtt").Port));
    }

    [Fact]
    public async Task A_diagnosis_warns_of_what_gives_money_or_secrets_away()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions
        {
            Settings =
            [
                "--environment=Production", "--Charging:Payment:Provider=Sandbox", "--Charging:AllowSandbox=true", "--Charging:Sms:Provider=Console",
                "--Kestrel:Endpoints:Mqtt:Url=http://0.0.0.0:0",
            ],
        });
        var warnings = (await new SystemService.SystemServiceClient(app.AsOperator()).DiagnoseAsync(new DiagnoseRequest())).Diagnosis.Warnings;
        Assert.Equal(2, warnings.Count);
        Assert.Contains("Charging:Payment:Provider", warnings[0]);
        Assert.Contains("Kestrel:Endpoints:Mqtt", warnings[1]);
    }

    private static (PileService.PileServiceClient, CardService.CardServiceClient, OrderService.OrderServiceClient, UserService.UserServiceClient) Clients(ChargingApp app) =>
        (new(app.AsOperator()), new(app.AsOperator()), new(app.AsOperator()), new(app.AsOperator()));

    private static Task<RpcException> RefusedAsync(Func<Task> call) => Assert.ThrowsAsync<RpcException>(call);

    private static async Task<(List<T> All, List<int> Sizes)> PagesAsync<T>(Func<string, Task<(IEnumerable<T>, string)>> ask)
    {
        var (all, sizes, token) = (new List<T>(), new List<int>(), "");
        do
        {
            (var page, token) = await ask(token);
            sizes.Add(page.Count());
            all.AddRange(page);
        }
        while (token.Length > 0);
        return (all, sizes);
    }

    /// <summary>Order n is o00n: each hundredth expired unpaid on one pile, the others settled, odd ones of rider 2, some in trouble.</summary>
    private static Task StoreAsync(ChargingApp app, int count) => app.Services.GetRequiredService<IStore>().RunAsync(tx =>
    {
        for (var n = 1; n <= count; n++)
        {
            var paid = n % 100 != 0;
            tx.Put(OrderTables.Orders, new Order
            {
                No = OrderNo.Parse($"o{n:D5}"),
                UserId = 1 + (n % 2),
                Plug = new PlugId(DeviceNo.Parse(paid ? "00000000B0" : "00000000A0"), 1),
                PlugText = "01",
                Tag = OrderTag.Phone,
                CreatedAt = tx.Now.AddSeconds(n - count),
                ReservedUntil = tx.Now,
                Tariff = new OrderOptions().DefaultTariff,
                State = paid ? OrderState.Settled : OrderState.Expired,
                ListNumber = paid ? n : 0,
                Trouble = n % 500 == 1 ? "LOST" : null,
            });
        }
        return ValueTask.FromResult(true);
    });
}
