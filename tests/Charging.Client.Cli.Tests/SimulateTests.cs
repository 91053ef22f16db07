using Charging.Ops.V1;
using Charging.Testing;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>`simulate`.</summary>
public sealed class SimulateTests
{
    [Theory]
    [InlineData("json")]
    [InlineData("binary")]
    public async Task Simulated_piles_charge_by_card(string encoding)
    {
        await using var app = await ChargingApp.StartAsync();
        await app.CtlAsync("cards", "issue", "111111786");
        var rider = await RiderWithMoneyAsync(app, "111111786");
        using var enough = new CancellationTokenSource();
        string[] args =
        [
            "simulate", "--piles", "3", "--plugs", "4", "--card", "111111786", "--swipes-per-hour", "18000", "--unplugs-per-hour", "3600",
            "--speed", "1000", "--seed", "5", "--encoding", encoding, "--json", .. Ctl.Operator(app),
        ];
        var running = Ctl.RunAsync(args, enough.Token);
        var orders = new OrderService.OrderServiceClient(app.AsOperator());
        await Retry.Until("a charge by card has ended", async () => running.IsCompleted ||
            (await orders.ListOrdersAsync(new ListOrdersRequest { Phone = rider.Phone })).Orders.Any(order => order.EndedAt is not null));
        await enough.CancelAsync();

        var run = await running;
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var totals = run.Json.GetProperty("totals");
        Assert.Equal(3, run.Json.GetProperty("piles").GetInt32());
        Assert.True(totals.GetProperty("chargesStarted").GetInt64() > 0, run.Output);
        Assert.True(totals.GetProperty("swipesAccepted").GetInt64() > 0, run.Output);
        Assert.Equal(3, (await app.CtlAsync("piles", "list", "--json")).Json.GetProperty("piles").GetArrayLength());
    }

    [Fact]
    public async Task A_pile_of_ones_own_is_played_with_its_secret()
    {
        await using var app = await ChargingApp.StartAsync();
        var device = ChargingApp.NewDeviceNo();
        var secret = (await app.CtlAsync("piles", "add", device, "--plugs", "2", "--json")).Json.GetProperty("secret").GetString()!;
        using var enough = new CancellationTokenSource();
        var running = Ctl.RunAsync(["simulate", "--pile", device, "--secret", secret, "--json", .. Ctl.Operator(app)], enough.Token);
        var rider = await app.RegisterAsync();
        await Retry.Until("the pile is online", async () => running.IsCompleted || (await rider.SeeAsync(device)).Data!.Value.GetProperty("status").GetInt32() == 1);
        var orderNo = (await rider.ReserveAsync(device, "02")).Data!.Value.GetString()!;
        Assert.Equal(200, (await rider.ChargeAsync(device, "02", orderNo, 1)).Code);
        await enough.CancelAsync();
        Assert.Equal((0, ""), ((await running).ExitCode, (await running).Error));

        Assert.Contains("piles rotate-secret", (await app.CtlAsync("simulate", "--pile", device)).Sentence);
    }

    [Theory]
    [InlineData("10")]
    [InlineData("1.00:00:00")]
    [InlineData("soon")]
    public async Task A_duration_that_is_no_time_of_hours_minutes_and_seconds_is_refused(string duration)
    {
        var run = await Ctl.RunAsync(["simulate", "--duration", duration]);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains($"--duration '{duration}' is not a time: give hh:mm:ss", run.Error);
    }

    [Fact]
    public async Task Run_again_it_takes_its_piles_over_with_their_plugs()
    {
        await using var app = await ChargingApp.StartAsync();
        Assert.Equal(0, (await app.CtlAsync("simulate", "--piles", "2", "--plugs", "4", "--duration", "00:00:01")).ExitCode);
        var again = await app.CtlAsync("simulate", "--piles", "3", "--plugs", "5", "--duration", "00:00:01");
        Assert.Equal((0, ""), (again.ExitCode, again.Error));
        Assert.Contains("3 of 3 piles connected", again.Output);
        var piles = (await app.CtlAsync("piles", "list", "--json")).Json.GetProperty("piles").EnumerateArray();
        Assert.Equal([4, 4, 5], piles.Select(pile => pile.GetProperty("plugCount").GetInt32()));
    }

    [Fact]
    public async Task Piles_that_cannot_connect_are_a_refusal()
    {
        await using var app = await ChargingApp.StartAsync();
        var run = await app.CtlAsync("simulate", "--piles", "1", "--duration", "00:00:01", "--mqtt", "127.0.0.1:1");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("--mqtt host:port", run.Sentence);
    }

    [Fact]
    public async Task A_broker_that_is_named_may_speak_TLS()
    {
        var folder = Directory.CreateTempSubdirectory("charging-tls-");
        await using var broker = await MosquittoServer.StartAsync(TestAuthority.Make(folder.FullName).Certificate);
        await using var app = await ChargingApp.StartAsync();
        var device = ChargingApp.NewDeviceNo();
        var secret = (await app.CtlAsync("piles", "add", device, "--json")).Json.GetProperty("secret").GetString()!;
        await broker.LetInAsync(new Dictionary<string, string> { [device] = secret });

        var run = await app.CtlAsync(
            "simulate", "--pile", device, "--secret", secret, "--duration", "00:00:02",
            "--mqtt", $"mqtts://localhost:{broker.NodePort}", "--trust-any-certificate");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("1 of 1 piles connected", run.Output);
        folder.Delete(recursive: true);
    }

    private static async Task<Rider> RiderWithMoneyAsync(ChargingApp app, string cardNo)
    {
        var rider = await app.RegisterAsync();
        Assert.Equal(200, (await rider.PostAsync("bindCard", new { body = new { cardNo } })).Code);
        var orderNo = (await rider.PostAsync("getBalanceOrderNo", new { body = new { phone = rider.Phone, amount = 100 } })).Data!.Value.GetString();
        Assert.Equal(200, (await rider.PostAsync("addBalance", new { body = new { phone = rider.Phone, amount = 100, orderNo } })).Code);
        return rider;
    }
}
