using System.Text.Json;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>`doctor`.</summary>
public sealed class DoctorTests
{
    [Fact]
    public async Task All_is_well_on_a_fresh_server()
    {
        await using var app = await ChargingApp.StartAsync();
        await app.AddPileAsync();
        var run = await app.CtlAsync("doctor");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.DoesNotContain("wrong", run.Output);
        Assert.Matches("piles online +1 of 1", run.Output);
        var json = (await app.CtlAsync("doctor", "--json")).Json;
        Assert.True(json.GetProperty("ok").GetBoolean());
        Assert.Equal(["grpc", "clock", "http", "mqtt"], json.GetProperty("checks").EnumerateArray().Select(check => check.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task An_external_broker_is_named_and_its_absence_is_wrong()
    {
        await using var broker = await MosquittoServer.StartAsync();
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Broker = broker });
        await Retry.Until("the server is ready", async () => (await app.Http.GetAsync("/readyz")).IsSuccessStatusCode);
        var run = await app.CtlAsync("doctor");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains($"The broker is at mqtt://127.0.0.1:{broker.NodePort} for this server.", run.Output);

        await broker.StopAsync();
        await Retry.Until("the server has tried again in vain", async () => (await (await app.Http.GetAsync("/readyz")).Content.ReadAsStringAsync()).Contains("Not connected"));
        Assert.Contains("Not connected to the MQTT broker", Wrong((await app.CtlAsync("doctor", "--json")).Json)["setup"]);
    }

    [Fact]
    public async Task A_server_that_is_not_ready_is_wrong()
    {
        await using var app = await ChargingApp.StartAsync();
        app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        var run = await app.CtlAsync("doctor", "--json");
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        Assert.Contains("The server stops.", Wrong(run.Json)["http"]);
    }

    [Fact]
    public async Task A_clock_that_is_off_is_wrong()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = new FakeTimeProvider(DateTimeOffset.UtcNow.AddMinutes(-1)) });
        var run = await app.CtlAsync("doctor", "--json");
        Assert.Equal(1, run.ExitCode);
        Assert.Matches(@"-(59|6\d)\.\d s off.* NTP", Assert.Single(Wrong(run.Json)).Value);
    }

    [Fact]
    public async Task What_is_misconfigured_is_wrong()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ["--Kestrel:Endpoints:Mqtt:Url=http://0.0.0.0:0"] });
        var run = await app.CtlAsync("doctor");
        Assert.Equal(1, run.ExitCode);
        Assert.Matches("wrong +setup +Mqtt is open to other machines without TLS", run.Output);
    }

    [Fact]
    public async Task A_proxy_that_is_not_trusted_is_wrong()
    {
        await using var app = await ChargingApp.StartAsync();
        app.Http.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7");
        await app.PostAsync("getBalance");
        Assert.Contains("127.0.0.1, which is not in Charging:TrustedProxies", Wrong((await app.CtlAsync("doctor", "--json")).Json)["setup"]);
    }

    [Fact]
    public async Task Without_a_server_or_a_key_it_says_what_is_missing()
    {
        await using var app = await ChargingApp.StartAsync();
        var noServer = await Ctl.RunAsync(["doctor", "--json", "--address", "http://127.0.0.1:1", "--key-file", app.KeyFile()]);
        Assert.Equal(1, noServer.ExitCode);
        Assert.Contains("No server answers", Wrong(noServer.Json)["grpc"]);
        var noKey = await Ctl.RunAsync(["doctor", "--address", app.Address(), "--key-file", Path.Combine(app.DataDirectory, "none")]);
        Assert.Equal((1, ""), (noKey.ExitCode, noKey.Error));
        Assert.Contains("--key-file", noKey.Output);
    }

    private static Dictionary<string, string> Wrong(JsonElement answer) => answer.GetProperty("checks").EnumerateArray()
        .Where(check => !check.GetProperty("ok").GetBoolean())
        .ToDictionary(check => check.GetProperty("name").GetString()!, check => check.GetProperty("message").GetString()!);
}
