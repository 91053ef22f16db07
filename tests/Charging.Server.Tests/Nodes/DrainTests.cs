using System.Net;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.PileSimulator;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Xunit;

namespace Charging.Server.Tests.Nodes;

/// <summary>A server that is told to stop by SIGTERM, as systemd and containers do it.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task A_call_that_waits_for_a_pile_is_answered_before_the_server_ends()
    {
        var directory = Directory.CreateTempSubdirectory("charging-drain-").FullName;
        using var server = ServerProcess.Launch(directory, "--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:0", "--Charging:DrainNotice=00:00:01", "--Charging:Orders:StartTimeout=00:01:00");
        await server.ListeningAsync();
        var device = ChargingApp.NewDeviceNo();
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var pile = new SimulatedPile(new SimulatedPileOptions
        {
            DeviceNo = device,
            Secret = await server.RegisterPileAsync(device),
            Port = server.Port("Mqtt"),
            TimeProvider = clock,
        });
        pile.Faults = new PileFaults { StartDelay = TimeSpan.FromSeconds(1) };
        await pile.StartAsync();
        await pile.WaitUntilAsync("the pile knows the time", it => it.IsClockSet);
        var token = await server.RegisterRiderAsync(ChargingApp.NewPhone());
        var orderNo = (await server.CallAsync("getOrderNo", new { deviceNo = device, plug = "02" }, token)).Data!.Value.GetString();
        var charging = server.CallAsync("mobilePaymentCharging", new { deviceNo = device, plug = "02", orderNo, amount = 1.01 }, token);
        await pile.WaitForCommandAsync(command => command.StartCharge is not null);

        await server.TermAsync();
        await Retry.Until("the server says that it stops", async () => await server.ReadyAsync() == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(200, (await LookAsync()).Code);
        await Retry.Until("new calls are refused", async () => (await LookAsync()).Code == 5000);

        Assert.False(charging.IsCompleted, "The call did not wait.");
        await Retry.Until("the pile has started, and the server has answered", () =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return charging.IsCompleted;
        });
        var answer = await charging;
        Assert.True(answer.Code == 200, answer.Text);
        Assert.Equal(0, await server.EndAsync());
        Assert.Empty(server.Errors);
        Directory.Delete(directory, recursive: true);

        Task<Answer> LookAsync() => server.CallAsync("getPileStatus", new { deviceNo = device }, token);
    }

    [Fact]
    public async Task A_server_without_calls_ends_at_once()
    {
        var directory = Directory.CreateTempSubdirectory("charging-drain-").FullName;
        using var server = ServerProcess.Launch(directory, "--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:0");
        await server.ListeningAsync();
        var since = TimeProvider.System.GetTimestamp();
        await server.TermAsync();
        Assert.Equal(0, await server.EndAsync());
        Assert.InRange(TimeProvider.System.GetElapsedTime(since), TimeSpan.Zero, Drain.MaxWait);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_node_whose_store_is_jammed_ends_within_15_seconds()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        var directory = Directory.CreateTempSubdirectory("charging-drain-").FullName;
        using var server = ServerProcess.Launch(directory, [.. TestStore.On(database), "--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:0"]);
        await server.ListeningAsync();
        var token = await server.RegisterRiderAsync(ChargingApp.NewPhone());
        await using var blocker = new NpgsqlConnection(database + ";Pooling=false");
        await blocker.OpenAsync();
        await RunAsync("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
        var calls = Enumerable.Range(0, 200).Select(_ => server.CallAsync("getBalance", new { }, token)).ToList();
        await Retry.Until("all connections of the node wait", async () =>
            await RunAsync("SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") is >= 20L);

        var since = TimeProvider.System.GetTimestamp();
        await server.TermAsync();
        Assert.Equal(0, await server.EndAsync());

        // With some seconds for a machine that is busy.
        Assert.InRange(TimeProvider.System.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        await Task.WhenAll(calls).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.Contains(calls, call => call is { IsCompletedSuccessfully: true, Result.Code: 5000 });
        Directory.Delete(directory, recursive: true);

        async Task<object?> RunAsync(string statement)
        {
            await using var command = new NpgsqlCommand(statement, blocker);
            return await command.ExecuteScalarAsync();
        }
    }

    [Fact]
    public async Task Operators_are_refused_by_a_server_that_stops()
    {
        await using var app = await ChargingApp.StartAsync();
        await app.Services.GetServices<IHostedService>().OfType<Drain>().Single().StoppingAsync(default);
        var refusal = await Assert.ThrowsAsync<RpcException>(
            () => new CardService.CardServiceClient(app.AsOperator()).ListCardsAsync(new ListCardsRequest()).ResponseAsync);
        Assert.Equal(StatusCode.Unavailable, refusal.StatusCode);
    }

    [Fact]
    public async Task Work_that_a_node_had_begun_is_taken_up_by_another_at_once()
    {
        var store = TestStore.On(await (await PostgresServer.SharedAsync()).NewDatabaseAsync());
        var (stuck, other) = (new Link(isStuck: true), new Link(isStuck: false));
        await using var first = await ChargingApp.StartAsync(new ChargingAppOptions { Store = store, Configure = builder => builder.Services.AddSingleton<IPileLink>(stuck) });
        var plug = new PlugId(DeviceNo.Parse(ChargingApp.NewDeviceNo()), 1);
        await first.Services.GetRequiredService<IStore>().RunAsync(async tx =>
        {
            await Stops.RequestAsync(tx, "201912040000000352", plug);
            return true;
        });
        await Retry.Until("the first node is at work", () => stuck.Asked > 0);
        await using var second = await ChargingApp.StartAsync(new ChargingAppOptions { Store = store, Configure = builder => builder.Services.AddSingleton<IPileLink>(other) });
        Assert.Equal(0, other.Asked);

        var since = TimeProvider.System.GetTimestamp();
        await first.StopAsync();
        await Retry.Until("the other node has taken it up", () => other.Asked > 0);

        Assert.InRange(TimeProvider.System.GetElapsedTime(since), TimeSpan.Zero, DueRow.Lease / 3);
    }

    /// <summary>A link that hands a command over, or never comes to its end.</summary>
    private sealed class Link(bool isStuck) : IPileLink
    {
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public async ValueTask<bool> SendAsync(DeviceNo device, Device.V1.Command command, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _asked);
            if (isStuck)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            return true;
        }

        public ValueTask DisconnectAsync(DeviceNo device, CancellationToken cancellationToken = default) => default;
    }
}
