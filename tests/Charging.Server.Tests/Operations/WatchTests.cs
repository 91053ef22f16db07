using System.Text.Json;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.Server.Operations;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>The streams: the present state, then what changes, whatever the reader does.</summary>
public sealed class WatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Piles_are_told_of_as_they_are_and_then_as_they_change()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        var rider = await app.RegisterAsync();
        using var call = new PileService.PileServiceClient(app.AsOperator()).WatchPiles(new WatchPilesRequest());
        var first = await NextAsync(call);
        Assert.Equal((true, true, pile.Options.DeviceNo), (first.Reset, first.CaughtUp, first.Piles.Single().DeviceNo));
        Assert.Equal((true, 10), (first.Piles[0].Online, first.Piles[0].PlugsFree));

        await rider.ReserveAsync(pile.Options.DeviceNo, "02");
        await UntilAsync(call, message => message.Piles.Any(it => it.PlugsBusy == 1));
        var added = ChargingApp.NewDeviceNo();
        await app.Services.GetRequiredService<PileAdmin>().RegisterAsync(DeviceNo.Parse(added), 1, Server.Piles.PlugNumbers.Decimal);
        await UntilAsync(call, message => message.Piles.Any(it => it.DeviceNo == added));
        pile.CutPower();
        await UntilAsync(call, message => message.Piles.Any(it => it.DeviceNo == pile.Options.DeviceNo && !it.Online));
    }

    [Fact]
    public async Task A_pile_that_goes_silent_is_told_of_although_nothing_says_so()
    {
        await using var stand = await Stand.OpenAsync();
        using var call = new PileService.PileServiceClient(stand.App.AsOperator()).WatchPiles(new WatchPilesRequest());
        await NextAsync(call);
        stand.Pile.CutLink();
        var offline = UntilAsync(call, message => message.Piles.Any(pile => !pile.Online));
        await stand.App.AdvanceUntil("the stream tells it", () => offline.IsCompleted, TimeSpan.FromSeconds(5));
        await offline;
    }

    [Fact]
    public async Task Orders_are_told_of_while_they_live_or_are_in_trouble_and_as_they_change()
    {
        await using var stand = await Stand.OpenAsync();
        var charging = await stand.BeginAsync(2);
        var orders = new OrderService.OrderServiceClient(stand.App.AsOperator());
        using var call = orders.WatchOrders(new WatchOrdersRequest());
        using var trouble = orders.WatchOrders(new WatchOrdersRequest { InTrouble = true });
        using var elsewhere = orders.WatchOrders(new WatchOrdersRequest { DeviceNo = ChargingApp.NewDeviceNo() });
        Assert.Equal([charging], (await NextAsync(call)).Orders.Select(order => order.OrderNo));
        Assert.Empty((await NextAsync(trouble)).Orders);
        Assert.Empty((await NextAsync(elsewhere)).Orders);

        var reserved = await stand.ReserveAsync(3);
        var seen = await UntilAsync(call, message => message.Orders.Any(order => order.OrderNo == reserved));
        Assert.Equal(stand.Rider.Phone, seen.Orders.Single(order => order.OrderNo == reserved).Phone);
        await MarkAsync(stand, charging, "LOST");
        await UntilAsync(trouble, message => message.Orders.Any(order => order.OrderNo == charging && order.Trouble == "LOST"));
        await orders.ResolveOrderAsync(new ResolveOrderRequest { OrderNo = charging, Reason = "x" });
        await UntilAsync(trouble, message => message.Orders.Any(order => order.OrderNo == charging && order.Trouble == ""));
        await orders.ForceEndOrderAsync(new ForceEndOrderRequest { OrderNo = charging, Reason = "x" });
        await UntilAsync(call, message => message.Orders.Any(order => order.OrderNo == charging && order.State == OrderState.Settled));
        Assert.False(elsewhere.ResponseStream.MoveNext(CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task Alarms_are_told_of_until_they_are_cleared()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        pile.RaiseAlarm(AlarmCode.Door, 0);
        await pile.WaitUntilAsync("the alarm was heard", it => it.Unacknowledged.Count == 0);
        using var call = new AlarmService.AlarmServiceClient(app.AsOperator()).WatchAlarms(new WatchAlarmsRequest());
        Assert.Equal([AlarmCode.Door], (await NextAsync(call)).Alarms.Select(alarm => alarm.Code));
        pile.RaiseAlarm(AlarmCode.Smoke, 2);
        await UntilAsync(call, message => message.Alarms.Any(alarm => alarm.Code == AlarmCode.Smoke));
        pile.RaiseAlarm(AlarmCode.Door, 0, raised: false);
        await UntilAsync(call, message => message.Alarms.Any(alarm => alarm is { Code: AlarmCode.Door, State: AlarmState.Cleared }));
    }

    [Fact]
    public async Task A_stream_is_served_over_http_as_a_document_on_each_line()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/ops/v1/piles:watch");
        request.Headers.Authorization = new("Bearer", app.Key());
        using var answer = await app.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        using var line = JsonDocument.Parse((await reader.ReadLineAsync().WaitAsync(Patience))!);
        Assert.Equal(pile.Options.DeviceNo, line.RootElement.GetProperty("piles")[0].GetProperty("deviceNo").GetString());
        await app.Services.GetRequiredService<PileAdmin>().RegisterAsync(DeviceNo.Parse(ChargingApp.NewDeviceNo()), 1, Server.Piles.PlugNumbers.Decimal);
        Assert.NotNull(await reader.ReadLineAsync().WaitAsync(Patience));
    }

    [Fact]
    public async Task A_stream_gives_signs_of_life_and_ends_when_its_key_is_revoked()
    {
        await using var stand = await Stand.OpenAsync();
        var keys = new KeyService.KeyServiceClient(stand.App.AsOperator());
        var key = await keys.AddKeyAsync(new AddKeyRequest { Name = "board", Role = Role.Viewer });
        using var call = new AlarmService.AlarmServiceClient(stand.App.CallingWith($"Bearer {key.Secret}")).WatchAlarms(new WatchAlarmsRequest());
        await NextAsync(call);
        var sign = UntilAsync(call, message => message is { Reset: false, CaughtUp: false, Alarms.Count: 0 });
        await stand.App.AdvanceUntil("there is a sign of life", () => sign.IsCompleted, TimeSpan.FromSeconds(5));
        await sign;
        await keys.RevokeKeyAsync(new RevokeKeyRequest { KeyId = key.Key.KeyId });
        var end = UntilAsync(call, _ => false);
        await stand.App.AdvanceUntil("the stream ends", () => end.IsCompleted, TimeSpan.FromSeconds(5));
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => end)).StatusCode);
    }

    [Fact]
    public async Task A_server_that_stops_does_not_wait_for_its_streams()
    {
        await using var app = await ChargingApp.StartAsync();
        using var call = new OrderService.OrderServiceClient(app.AsOperator()).WatchOrders(new WatchOrdersRequest());
        await NextAsync(call);
        var end = UntilAsync(call, _ => false);
        await app.RestartAsync().WaitAsync(Patience);
        var refusal = await Assert.ThrowsAsync<RpcException>(() => end);
        Assert.True(refusal.StatusCode is StatusCode.Unavailable or StatusCode.Cancelled, refusal.ToString());
    }

    [Fact]
    public async Task A_reader_that_does_not_read_costs_the_newest_state_of_each_thing_and_then_starts_over()
    {
        var watchers = new Watchers<string>(TimeProvider.System);
        using var watcher = watchers.Add();
        for (var i = 0; i < 1_000_000; i++)
            watchers.Tell($"{i % 100}", $"{i}");
        var news = await watcher.TakeAsync(Patience, default);
        Assert.Equal(Enumerable.Range(999_900, 100).Select(i => $"{i}"), news!.Order());

        for (var i = 0; i <= Watcher<string>.Most; i++)
            watchers.Tell($"{i}", "x");
        Assert.Null(await watcher.TakeAsync(Patience, default));
        watchers.Tell("a", "after");
        Assert.Equal(["after"], await watcher.TakeAsync(Patience, default));
        watcher.Dispose();
        Assert.False(watchers.Any);
    }

    [Fact]
    public async Task Readers_that_do_not_read_hold_nobody_up_and_catch_up_when_they_do()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(2);
        var orders = new OrderService.OrderServiceClient(stand.App.AsOperator());
        var calls = Enumerable.Range(0, 5).Select(_ => orders.WatchOrders(new WatchOrdersRequest())).ToList();
        foreach (var call in calls)
            await NextAsync(call);
        // Far more than the windows of five streams hold.
        for (var round = 1; round <= 3_000; round++)
            await MarkAsync(stand, orderNo, $"ROUND {round} {new string('x', 200)}");
        foreach (var call in calls)
        {
            var read = 0;
            await UntilAsync(call, message =>
            {
                read++;
                return message.Orders.Any(order => order.Trouble.StartsWith("ROUND 3000 ", StringComparison.Ordinal));
            });
            Assert.True(read < 3_000, "Each state was kept for a reader that did not read.");
            call.Dispose();
        }
        await Retry.Until("the readers are forgotten", () => !stand.App.Services.GetRequiredService<Feeds>().Orders.Any);
    }

    private static Task MarkAsync(Stand stand, string orderNo, string trouble) => stand.App.Services.GetRequiredService<IStore>().RunAsync(async tx =>
    {
        tx.Put(Server.Orders.OrderTables.Orders, (await tx.GetAsync(Server.Orders.OrderTables.Orders, orderNo))! with { Trouble = trouble });
        return true;
    });

    private static async Task<T> NextAsync<T>(AsyncServerStreamingCall<T> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
        return call.ResponseStream.Current;
    }

    private static async Task<T> UntilAsync<T>(AsyncServerStreamingCall<T> call, Func<T, bool> fits)
    {
        while (true)
        {
            var message = await NextAsync(call);
            if (fits(message))
                return message;
        }
    }
}
