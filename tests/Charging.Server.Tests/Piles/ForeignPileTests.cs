using System.Diagnostics;
using Charging.MqttBroker;
using Charging.Server.Piles;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Piles;

/// <summary>Piles that share no code with the server charge end to end.</summary>
public sealed class ForeignPileTests
{
    private static readonly string Clients = Path.Combine(Root(AppContext.BaseDirectory), "tests", "clients");

    [Fact]
    public Task A_pile_of_shell_and_mosquitto_charges_in_JSON()
    {
        var found = new[] { "/usr/bin/mosquitto_pub", "/usr/bin/mosquitto_sub", "/usr/sbin/mosquitto" }.All(File.Exists);
        Assert.True(found, "This test needs the Debian packages mosquitto and mosquitto-clients: apt-get install mosquitto mosquitto-clients");
        return ChargeAsync("bash", Path.Combine(Clients, "mosquitto-pile", "pile.sh"));
    }

    [Fact]
    public Task A_pile_of_node_and_npm_mqtt_charges_in_binary()
    {
        var client = Path.Combine(Clients, "node-pile");
        Assert.True(Directory.Exists(Path.Combine(client, "node_modules", "mqtt")), $"This test needs node and npm's mqtt: run npm ci in {client}");
        return ChargeAsync("node", Path.Combine(client, "pile.js"));
    }

    private static async Task ChargeAsync(string program, string script)
    {
        await using var app = await ChargingApp.StartAsync();
        var device = ChargingApp.NewDeviceNo();
        var secret = await app.Services.GetRequiredService<PileAdmin>().RegisterAsync(DeviceNo.Parse(device), 4, PlugNumbers.Decimal);
        var rider = await app.RegisterAsync();
        using var pile = Process.Start(new ProcessStartInfo(program, [script, $"{app.Port("Mqtt")}", device, secret!])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            await Retry.Until("the pile is online", () => pile.HasExited || app.Services.GetRequiredService<Board>().IsOnline(DeviceNo.Parse(device)));
            var orderNo = (await rider.ReserveAsync(device, "02")).Data?.GetString();
            var charged = await rider.ChargeAsync(device, "02", orderNo ?? "", 1.01);
            Assert.True(charged.Code == 200, charged.Text);
            await Retry.Until("the pile has done its work", () => pile.HasExited);
            Assert.Equal((0, $"charged {orderNo}\n"), (pile.ExitCode, await pile.StandardOutput.ReadToEndAsync()));
            var order = (await rider.ListAsync()).Data!.Value.GetProperty("list")[0];
            Assert.Equal((orderNo, "0小时1分", 2), (order.GetProperty("orderNo").GetString(), order.GetProperty("elapsedTime").GetString(), order.GetProperty("cmdStatus").GetInt32()));
            await app.CheckInvariantsAsync();
        }
        finally
        {
            if (!pile.HasExited)
            {
                pile.Kill(entireProcessTree: true);
                TestContext.Current.SendDiagnosticMessage(await pile.StandardError.ReadToEndAsync());
            }
        }
    }

    /// <summary>The folder of the repository.</summary>
    internal static string Root(string from) =>
        File.Exists(Path.Combine(from, "ChargingGrpc.sln")) ? from : Root(Path.GetDirectoryName(from) ?? throw new DirectoryNotFoundException("ChargingGrpc.sln"));
}
