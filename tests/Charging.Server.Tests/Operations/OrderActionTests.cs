using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.PileSimulator;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using DomainState = Charging.Server.Orders.OrderState;

namespace Charging.Server.Tests.Operations;

/// <summary>What operators do to orders that are stuck, and with their money.</summary>
public sealed class OrderActionTests
{
    [Fact]
    public async Task A_charge_whose_pile_is_gone_is_ended_by_its_last_progress_and_the_rest_goes_back()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(2, 1.00);
        await stand.ChargedForAnHourAsync(orderNo);
        stand.Pile.CutPower();

        var order = (await Orders(stand).ForceEndOrderAsync(new ForceEndOrderRequest { OrderNo = orderNo, Reason = "burnt down" })).Order;

        Assert.Equal((OrderState.Settled, 25L, 75L, ""), (order.State, order.UsedFen, order.OwedFen + order.RefundedFen, order.Trouble));
        Assert.Equal(2, await stand.SeeAsync(2));
        await stand.App.AdvanceUntil("the money went back", () => stand.App.Provider.Refunds.Values.Sum() == 75);
        Assert.Equal(StatusCode.FailedPrecondition, await RefusedAsync(() => Orders(stand).ForceEndOrderAsync(new ForceEndOrderRequest { OrderNo = orderNo, Reason = "again" }).ResponseAsync));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_charge_whose_pile_has_gone_is_found_at_once()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(2);
        await stand.BeginAsync(3);
        Assert.Empty((await Orders(stand).ListOrdersAsync(new ListOrdersRequest { PileOffline = true })).Orders);
        stand.Pile.CutPower();
        await Retry.Until("the pile is offline", async () => await stand.SeeAsync(9) == 2);

        var page = await Orders(stand).ListOrdersAsync(new ListOrdersRequest { PileOffline = true, PageSize = 1 });
        Assert.NotEqual(orderNo, Assert.Single(page.Orders).OrderNo);
        page = await Orders(stand).ListOrdersAsync(new ListOrdersRequest { PileOffline = true, PageSize = 1, PageToken = page.NextPageToken });
        Assert.Equal((orderNo, ""), (Assert.Single(page.Orders).OrderNo, page.NextPageToken));
        var system = new SystemService.SystemServiceClient(stand.App.AsOperator());
        Assert.Equal(2, (await system.DiagnoseAsync(new DiagnoseRequest())).Diagnosis.OrdersAtOfflinePiles);

        await Orders(stand).ForceEndOrderAsync(new ForceEndOrderRequest { OrderNo = orderNo, Reason = "burnt down" });

        Assert.Single((await Orders(stand).ListOrdersAsync(new ListOrdersRequest { PileOffline = true })).Orders);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_charge_at_a_pile_that_is_there_is_ended_by_its_newest_status()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(2, 1.00);
        await stand.PassAsync(TimeSpan.FromMinutes(4));
        var board = stand.App.Services.GetRequiredService<Board>();
        await Retry.Until("the newest status is there", () => board.Find(DeviceNo.Parse(stand.Device))?.Plug(2)?.ElapsedSeconds >= 180);
        Assert.InRange((await stand.OrderAsync(orderNo)).Seconds, 0, 179);

        var order = (await Orders(stand).ForceEndOrderAsync(new ForceEndOrderRequest { OrderNo = orderNo, Reason = "the rider has asked" })).Order;

        Assert.InRange(order.Seconds, 180, 240);
        Assert.Equal(1, order.UsedFen);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_reservation_is_cancelled_and_a_pile_that_charges_all_the_same_is_stopped()
    {
        await using var stand = await Stand.OpenAsync();
        var reserved = await stand.ReserveAsync(3);
        Assert.Equal(OrderState.Cancelled, (await Orders(stand).ForceEndOrderAsync(new ForceEndOrderRequest { OrderNo = reserved, Reason = "x" })).Order.State);
        var charging = await stand.BeginAsync(2);
        Assert.Equal(OrderState.Settled, (await Orders(stand).ForceEndOrderAsync(new ForceEndOrderRequest { OrderNo = charging, Reason = "x" })).Order.State);
        await stand.Pile.WaitUntilAsync("the pile has stopped", pile => pile.Plug(2).State != Device.V1.PlugState.Charging);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task What_a_settled_charge_has_earned_goes_back_once_and_never_more_of_it()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await SettledAsync(stand);
        var orders = Orders(stand);
        var order = (await orders.RefundOrderAsync(new RefundOrderRequest { OrderNo = orderNo, AmountFen = 10, Reason = "slow" })).Order;
        Assert.Equal((25L, 10L), (order.UsedFen, order.WaivedFen));
        Assert.Equal(StatusCode.FailedPrecondition, await RefusedAsync(() => orders.RefundOrderAsync(new RefundOrderRequest { OrderNo = orderNo, AmountFen = 16, Reason = "x" }).ResponseAsync));
        Assert.Equal(StatusCode.InvalidArgument, await RefusedAsync(() => orders.RefundOrderAsync(new RefundOrderRequest { OrderNo = orderNo, AmountFen = -1, Reason = "x" }).ResponseAsync));
        order = (await orders.RefundOrderAsync(new RefundOrderRequest { OrderNo = orderNo, All = true, Reason = "all of it" })).Order;
        Assert.Equal(25L, order.WaivedFen);
        Assert.Equal(StatusCode.FailedPrecondition, await RefusedAsync(() => orders.RefundOrderAsync(new RefundOrderRequest { OrderNo = orderNo, All = true, Reason = "x" }).ResponseAsync));
        await stand.App.AdvanceUntil("everything went back", () => stand.App.Provider.Refunds.Values.Sum() == 100);
        await Retry.Until("it is written down", async () => (await stand.OrderAsync(orderNo)) is { OwedFen: 0, RefundedFen: 100, State: DomainState.Settled });
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Twenty_operators_at_once_give_back_no_more_than_was_earned()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await SettledAsync(stand);
        var given = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => TryAsync(() => Orders(stand).RefundOrderAsync(new RefundOrderRequest { OrderNo = orderNo, AmountFen = 10, Reason = "x" }).ResponseAsync)));
        Assert.Equal(2, given.Count(ok => ok));
        Assert.Equal(20, (await stand.OrderAsync(orderNo)).WaivedFen);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_refund_to_the_balance_is_there_at_once_and_one_name_is_one_refund()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await SettledAsync(stand);
        var request = new RefundOrderRequest { OrderNo = orderNo, AmountFen = 5, To = RefundTo.Balance, Reason = "goodwill", RequestId = "once" };
        for (var i = 0; i < 3; i++)
            Assert.Equal(5, (await Orders(stand).RefundOrderAsync(request)).Order.WaivedFen);
        Assert.Equal(StatusCode.AlreadyExists, await RefusedAsync(() => Orders(stand).RefundOrderAsync(new RefundOrderRequest(request) { AmountFen = 6 }).ResponseAsync));
        var user = (await new UserService.UserServiceClient(stand.App.AsOperator()).GetUserAsync(new GetUserRequest { Phone = stand.Rider.Phone })).User;
        Assert.Equal(5, user.BalanceFen);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_operator_gives_back_no_more_in_a_day_than_the_limit()
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Operations:OperatorRefundFen=12");
        var orderNo = await SettledAsync(stand);
        var orders = new OrderService.OrderServiceClient(await stand.App.AsAsync(Role.Operator));
        await orders.RefundOrderAsync(new RefundOrderRequest { OrderNo = orderNo, AmountFen = 12, Reason = "x" });
        Assert.Equal(StatusCode.PermissionDenied, await RefusedAsync(() => orders.RefundOrderAsync(new RefundOrderRequest { OrderNo = orderNo, AmountFen = 1, Reason = "x" }).ResponseAsync));
        Assert.Equal(12, (await stand.OrderAsync(orderNo)).WaivedFen);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task What_ending_a_charge_gives_back_counts_against_the_limit_where_nobody_knows_its_use(bool isOffline, bool byForce)
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Operations:OperatorRefundFen=50");
        var orderNo = await stand.BeginAsync(2, 1.00);
        var caller = await stand.App.AsAsync(Role.Operator);
        var (orders, piles) = (new OrderService.OrderServiceClient(caller), new PileService.PileServiceClient(caller));
        if (isOffline)
        {
            await piles.RotatePileSecretAsync(new RotatePileSecretRequest { DeviceNo = stand.Device });
            await Retry.Until("the pile is offline", async () => await stand.SeeAsync(9) == 2);
            var entry = (await new AuditService.AuditServiceClient(stand.App.AsOperator()).ListAuditAsync(new ListAuditRequest())).Entries.First(entry => entry.Method.EndsWith("RotatePileSecret", StringComparison.Ordinal));
            Assert.Contains(orderNo, entry.Outcome);
        }

        Task End() => byForce
            ? orders.ForceEndOrderAsync(new ForceEndOrderRequest { OrderNo = orderNo, Reason = "x" }).ResponseAsync
            : piles.RetirePileAsync(new RetirePileRequest { DeviceNo = stand.Device, Reason = "x" }).ResponseAsync;

        if (isOffline)
        {
            Assert.Equal(StatusCode.PermissionDenied, await RefusedAsync(End));
            Assert.Equal(Server.Orders.OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        }
        else
        {
            await End();
            await stand.UntilAsync(orderNo, Server.Orders.OrderState.Settled);
        }
    }

    [Fact]
    public async Task A_charge_that_goes_on_is_not_refunded_but_ended_first()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        var refusal = await Assert.ThrowsAsync<RpcException>(() => Orders(stand).RefundOrderAsync(new RefundOrderRequest { OrderNo = orderNo, All = true, Reason = "x" }).ResponseAsync);
        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
        Assert.Contains("force-end", refusal.Status.Detail);
    }

    [Fact]
    public async Task A_refund_that_waits_is_tried_again_now()
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Payment:Sandbox=Confirm");
        var orderNo = await SettledAsync(stand);
        await stand.App.AdvanceUntil("the rest went back", () => stand.App.Provider.Refunds.Count == 1);
        // The pile was told to stop, and confirms it in its own time.
        await Retry.Until("nothing waits", async () => (await Orders(stand).RetryOrderAsync(new RetryOrderRequest { OrderNo = orderNo })).Kinds.Count == 0);
        // As if the provider had been silent for long.
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(async tx =>
        {
            var order = (await tx.GetAsync(Server.Orders.OrderTables.Orders, orderNo))!;
            order = order.Waive(7);
            order = await Ledger.OweRevenueAsync(tx, order, Refunds.Begin(tx, order.No, order.UserId, order.Refunds, 7, order.PaidFen, TimeSpan.FromHours(6)));
            tx.Put(Server.Orders.OrderTables.Orders, order);
            return true;
        });
        Assert.Equal(["Refund"], (await Orders(stand).RetryOrderAsync(new RetryOrderRequest { OrderNo = orderNo })).Kinds);
        await Retry.Until("it went back without the clock", () => stand.App.Provider.Refunds.Values.Sum() == 82);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_order_is_taken_off_the_list_of_those_in_trouble_with_a_note()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await SettledAsync(stand);
        Assert.Equal(StatusCode.FailedPrecondition, await RefusedAsync(() => Orders(stand).ResolveOrderAsync(new ResolveOrderRequest { OrderNo = orderNo, Reason = "x" }).ResponseAsync));
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(async tx =>
        {
            tx.Put(Server.Orders.OrderTables.Orders, (await tx.GetAsync(Server.Orders.OrderTables.Orders, orderNo))! with { Trouble = "LOST" });
            return true;
        });
        Assert.Equal([orderNo], (await Orders(stand).ListOrdersAsync(new ListOrdersRequest { InTrouble = true })).Orders.Select(order => order.OrderNo));
        Assert.Equal("", (await Orders(stand).ResolveOrderAsync(new ResolveOrderRequest { OrderNo = orderNo, Reason = "called the rider" })).Order.Trouble);
        Assert.Empty((await Orders(stand).ListOrdersAsync(new ListOrdersRequest { InTrouble = true })).Orders);
    }

    [Fact]
    public async Task Orders_are_searched_by_number_plug_card_and_time()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });
        await stand.Rider.TopUpAsync(5);
        var phone = await stand.BeginAsync(2);
        stand.Clock.Advance(TimeSpan.FromSeconds(10));
        var between = Timestamp.FromDateTimeOffset(stand.Clock.GetUtcNow());
        stand.Clock.Advance(TimeSpan.FromSeconds(10));
        stand.Pile.Swipe(3, "2577522B");
        await Retry.Until("the card charges", async () => (await Orders(stand).ListOrdersAsync(new ListOrdersRequest { CardNo = "2577522B" })).Orders.Count == 1);
        var card = (await Orders(stand).ListOrdersAsync(new ListOrdersRequest { CardNo = "2577522B" })).Orders.Single().OrderNo;
        (ListOrdersRequest Request, string[] Found)[] cases =
        [
            (new() { OrderNo = phone }, [phone]), (new() { OrderNo = phone, Plug = 3 }, []), (new() { OrderNo = "1" }, []), (new() { Plug = 3 }, [card]), (new() { From = between }, [card]),
            (new() { To = between }, [phone]), (new() { From = between, To = between }, []), (new() { DeviceNo = stand.Device, From = between, Plug = 2 }, []), (new() { Phone = stand.Rider.Phone }, [card, phone]),
        ];
        foreach (var (request, found) in cases)
            Assert.Equal(found, (await Orders(stand).ListOrdersAsync(request)).Orders.Select(order => order.OrderNo));
        Assert.Equal(StatusCode.InvalidArgument, await RefusedAsync(() => Orders(stand).ListOrdersAsync(new ListOrdersRequest { Plug = -1 }).ResponseAsync));
        Assert.Equal(StatusCode.InvalidArgument, await RefusedAsync(() => Orders(stand).ListOrdersAsync(new ListOrdersRequest { From = new Timestamp { Seconds = long.MaxValue } }).ResponseAsync));
    }

    [Fact]
    public async Task A_timeline_tells_commands_events_money_and_operators_in_order()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(2, 1.00);
        await new PileService.PileServiceClient(stand.App.AsOperator()).SendPileCommandAsync(new SendPileCommandRequest { DeviceNo = stand.Device, Command = PileCommand.StopPlug, Plug = 2 });
        await stand.UntilAsync(orderNo, DomainState.Settled);
        await stand.App.AdvanceUntil("the money went back", () => stand.App.Provider.Refunds.Count == 1);
        await new OrderService.OrderServiceClient(stand.App.AsOperator()).RetryOrderAsync(new RetryOrderRequest { OrderNo = orderNo, Reason = "to be sure" });

        var entries = (await Orders(stand).GetOrderTimelineAsync(new GetOrderTimelineRequest { OrderNo = orderNo })).Entries;

        var texts = entries.Select(entry => $"{entry.Kind}: {entry.Text}").ToList();
        string[] expected =
        [
            "Order: Reserved: plug 02", "Order: Paid.", "Command: The start command was sent", "Money: The payment is held for the order.", "Event: The pile told: ChargeStarted",
            "Order: The pile charges.", "Command: The pile is told to stop", "Event: The pile told: ChargeEnded", "Order: The charge is over", "Operator: operator.key: RetryOrder (to be sure)",
        ];
        foreach (var begin in expected)
            Assert.Contains(texts, text => text.StartsWith(begin, StringComparison.Ordinal));
        Assert.Equal(entries.OrderBy(entry => entry.At.ToDateTimeOffset()), entries);
        Assert.Equal(StatusCode.NotFound, await RefusedAsync(() => Orders(stand).GetOrderTimelineAsync(new GetOrderTimelineRequest { OrderNo = "1" }).ResponseAsync));
    }

    [Fact]
    public async Task A_timeline_tells_of_a_pile_that_never_answered()
    {
        await using var stand = await Stand.OpenAsync();
        stand.Pile.Faults = new PileFaults { Silent = true };
        var orderNo = await stand.ReserveAsync();
        await stand.WhileAsync(stand.ChargeAsync(orderNo));
        var texts = (await Orders(stand).GetOrderTimelineAsync(new GetOrderTimelineRequest { OrderNo = orderNo })).Entries.Select(entry => entry.Text).ToList();
        Assert.Contains(texts, text => text.Contains("sent again"));
        Assert.Contains("The pile never answered the start.", texts);
        Assert.Contains(texts, text => text.StartsWith("Unconfirmed is due", StringComparison.Ordinal));
    }

    private static OrderService.OrderServiceClient Orders(Stand stand) => new(stand.App.AsOperator());

    /// <summary>A charge of one yuan that has used 25 fen.</summary>
    private static async Task<string> SettledAsync(Stand stand)
    {
        var orderNo = await stand.BeginAsync(2, 1.00);
        await stand.ChargedForAnHourAsync(orderNo);
        await Orders(stand).ForceEndOrderAsync(new ForceEndOrderRequest { OrderNo = orderNo, Reason = "for the test" });
        Assert.Equal(25, (await stand.OrderAsync(orderNo)).UsedFen);
        return orderNo;
    }

    private static async Task<bool> TryAsync(Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (RpcException)
        {
            return false;
        }
    }

    private static async Task<StatusCode> RefusedAsync(Func<Task> call) => (await Assert.ThrowsAsync<RpcException>(call)).StatusCode;
}
