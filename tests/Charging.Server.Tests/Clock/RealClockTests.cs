using System.Net;
using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Storage;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Clock;

/// <summary>Real processes whose clock is set, and that stand still.</summary>
public sealed class RealClockTests : IAsyncDisposable
{
    private const string Device = "014441AC53";
    private const double OneFen = 0.01;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("charging-clock-");
    private readonly FakeMachineClock _clock = new();
    private PostgresServer? _postgres;
    private ServerProcess? _server;
    private IReadOnlyList<string> _store = [];
    private string _token = "";

    private ServerProcess Server => _server!;

    public async ValueTask DisposeAsync()
    {
        _server?.Dispose();
        if (_postgres is not null)
            await _postgres.DisposeAsync();
        _clock.Dispose();
        _directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData(StoreEngine.LiteDb)]
    [InlineData(StoreEngine.PostgreSql)]
    public async Task A_machine_whose_clock_is_set_goes_on_with_what_runs_and_begins_what_is_paid(StoreEngine engine)
    {
        await StartAsync(engine, isWholeMachine: true);
        await using var pile = await AddPileAsync();
        // Two minutes and a half: an hour later it would be overdue.
        var running = await BeginAsync(plug: "02");
        Assert.Equal(200, (await CallAsync("getOrderNo", new { deviceNo = Device, plug = "03" }, await Server.RegisterRiderAsync("13800000002"))).Code);

        await SetAsync(-Hour, "went 3600.0 s back");
        Assert.Equal(200, (await StopAsync(await BeginAsync(plug: "04"))).Code);
        await Retry.Until("the reservation is over", async () => await SeeAsync(3) == 0);

        await SetAsync(Hour, "went 7200.0 s forward");
        Assert.Equal(200, (await StopAsync(await BeginAsync(plug: "05"))).Code);
        Assert.Equal((1, 0), (pile.StartsObeyed(running), pile.Received.Count(command => command.StopCharge?.OrderNo == running)));
        Assert.Equal(200, (await StopAsync(running)).Code);
        Assert.Contains("\"clock\":\"warning: The clock of this machine went 7200.0 s forward", await Server.GetAsync("/readyz"));
        Assert.Empty(Server.Errors);
    }

    [Fact]
    public async Task A_node_whose_clock_alone_is_set_serves_nobody_and_goes_on_when_it_is_right()
    {
        await StartAsync(StoreEngine.PostgreSql, isWholeMachine: false);
        await using var pile = await AddPileAsync();
        var running = await BeginAsync(plug: "02");

        await SetAsync(Hour, "went 3600.0 s forward");
        await Retry.Until("it is not ready", async () => await Server.ReadyAsync() == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(5000, (await CallAsync("getOrderNo", new { deviceNo = Device, plug = "03" })).Code);

        await SetAsync(TimeSpan.Zero, "went 3600.0 s back");
        await Retry.Until("it is ready", async () => await Server.ReadyAsync() == HttpStatusCode.OK);
        Assert.Equal((1, 0), (pile.StartsObeyed(running), pile.Received.Count(command => command.StopCharge is not null)));
        Assert.Equal(200, (await StopAsync(running)).Code);
    }

    [Theory]
    [InlineData(StoreEngine.LiteDb)]
    [InlineData(StoreEngine.PostgreSql)]
    public async Task A_machine_that_starts_in_the_past_serves_nobody_until_NTP_has_set_its_clock(StoreEngine engine)
    {
        await StartAsync(engine, isWholeMachine: true);
        await Server.TermAsync();
        await Server.EndAsync();

        _clock.Set(TimeSpan.FromDays(-2 * 365));
        Launch();
        await LineAsync("This machine's clock is wrong");
        Assert.DoesNotContain(Server.Lines, line => line.Contains("Listening: ", StringComparison.Ordinal));

        _clock.Set(TimeSpan.Zero);
        await Server.ListeningAsync();
        Assert.Equal(200, (await CallAsync("getBalance", new { })).Code);
        Assert.Empty(Server.Errors);
    }

    [Theory]
    [InlineData(StoreEngine.LiteDb)]
    [InlineData(StoreEngine.PostgreSql)]
    public async Task What_a_pile_has_sent_while_the_server_stood_still_is_read_before_the_pile_is_judged(StoreEngine engine)
    {
        await StartAsync(engine, isWholeMachine: true);
        // It would be cut after seven seconds and a half without a packet.
        await using var pile = await WaitingPile.OpenAsync(Server.Port("Mqtt"), Device, await Server.RegisterPileAsync(Device), keepAlive: TimeSpan.FromSeconds(5));
        var begun = BeginAsync(plug: "01");
        var start = await pile.ReceivedAsync(command => command.StartCharge is not null);
        await pile.SendAsync("results", new CommandResult { CommandId = start.CommandId, Outcome = CommandOutcome.Done });
        var orderNo = await begun;

        await Server.PauseAsync();
        await pile.SendAsync("events", new PileEvent
        {
            EventId = 1,
            BootId = pile.BootId,
            ChargeEnded = new ChargeEnded { OrderNo = orderNo, Plug = 1, Seconds = 1, EnergyWh = 1, Reason = EndReason.Unplugged },
        });
        await Task.Delay(TimeSpan.FromSeconds(12));
        await Server.ResumeAsync();

        await pile.ReceivedAsync(command => command.EventAck?.EventId == 1);
        await LineAsync("This process stood still for");
        Assert.True(pile.IsConnected);
        Assert.Equal(200, (await StopAsync(orderNo)).Code);
        Assert.DoesNotContain("LOST", await Server.GetAsync("/metrics"));
        Assert.Empty(Server.Errors);
    }

    /// <param name="engine">The engine.</param>
    /// <param name="isWholeMachine">Whether the database has the server's clock.</param>
    private async Task StartAsync(StoreEngine engine, bool isWholeMachine)
    {
        if (engine == StoreEngine.PostgreSql)
            _postgres = await PostgresServer.StartAsync("-c fsync=off", isWholeMachine ? _clock : null);
        _store = _postgres is null ? [] : TestStore.On(await _postgres.NewDatabaseAsync());
        Launch();
        await Server.ListeningAsync();
        _token = await Server.RegisterRiderAsync("13800000001");
    }

    private void Launch()
    {
        _server?.Dispose();
        _server = ServerProcess.Launch(
            _clock, _directory.FullName, ["--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:0", "--Charging:Orders:Reservation=00:00:10", "--Charging:Telemetry:Metrics=Loopback", .. _store]);
    }

    private async Task<SimulatedPile> AddPileAsync()
    {
        var pile = new SimulatedPile(new SimulatedPileOptions { DeviceNo = Device, Secret = await Server.RegisterPileAsync(Device), Port = Server.Port("Mqtt") });
        await pile.StartAsync();
        await pile.WaitUntilAsync("it has the time", it => it.IsClockSet);
        return pile;
    }

    private async Task SetAsync(TimeSpan lead, string line)
    {
        _clock.Set(lead);
        await LineAsync(line);
    }

    private Task LineAsync(string words) => Retry.Until($"the log says '{words}'", () => Server.Lines.Any(line => line.Contains(words, StringComparison.Ordinal)));

    private async Task<string> BeginAsync(string plug)
    {
        var orderNo = (await CallAsync("getOrderNo", new { deviceNo = Device, plug })).Data!.Value.GetString()!;
        var answer = await CallAsync("mobilePaymentCharging", new { deviceNo = Device, plug, orderNo, amount = OneFen });
        return answer.Code == 200 ? orderNo : throw new InvalidOperationException($"Plug {plug} does not charge: {answer.Text}");
    }

    private Task<Answer> StopAsync(string orderNo) => CallAsync("stopCharging", new { orderNo });

    private async Task<int> SeeAsync(int plug) =>
        (await CallAsync("getPileStatus", new { deviceNo = Device })).Data!.Value.GetProperty("plugs")[plug - 1].GetInt32();

    private Task<Answer> CallAsync(string route, object body, string? token = null) => Server.CallAsync(route, body, token ?? _token);
}
