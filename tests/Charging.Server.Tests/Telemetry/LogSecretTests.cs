using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Tests.Documents;
using Charging.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Charging.Server.Tests.Telemetry;

/// <summary>The log may be read by people who may not be riders, operators or piles.</summary>
public sealed partial class LogSecretTests
{
    [Fact]
    public async Task A_day_at_the_stand_leaves_no_secret_in_the_log_whatever_its_level()
    {
        var secrets = new List<string>();
        var app = await Stand.OpenAsync(settings: ["--Logging:LogLevel:Default=Trace", "--Logging:LogLevel:Microsoft=Trace", "--Logging:LogLevel:Microsoft.AspNetCore=Trace", "--Logging:LogLevel:Grpc=Trace"]);
        await using (var stand = app)
        {
            var done = await stand.BeginAsync();
            stand.Pile.BatteryFull(2);
            await stand.UntilAsync(done, OrderState.Settled);
            stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.PlugBusy };
            await stand.ChargeAsync(await stand.ReserveAsync(3), plug: 3);
            await stand.Rider.TopUpAsync(5);
            stand.App.Sms.Behaviour = SmsBehaviour.Refuse;
            var other = ChargingApp.NewPhone();
            await stand.App.SendCodeAsync(other, "register");
            await stand.App.PostAsync("login", new { body = new { phone = stand.Rider.Phone, code = "918273" } });
            await stand.App.PostAsync("getCardno", null, "Bearer no-such-token-at-all-000000000000000000000");
            secrets.AddRange([stand.Rider.Phone, other, stand.Rider.Token["Bearer ".Length..], stand.App.Key(), stand.Pile.Options.Secret, "918273", "no-such-token-at-all", .. stand.App.Sms.CodesFor(stand.Rider.Phone)]);
            Assert.Contains(stand.App.Log.Records, record => record.Level == LogLevel.Debug && record.Category.StartsWith("Microsoft.AspNetCore.Routing", StringComparison.Ordinal));
            Assert.Contains(stand.App.Log.Records, record => record.Level <= LogLevel.Debug && record.Category.StartsWith("Grpc", StringComparison.Ordinal));
            Assert.All(stand.App.Log.Records, record => Assert.All(secrets, secret => Assert.DoesNotContain(secret, record.ToString())));
        }
    }

    [Fact]
    public void No_log_call_in_the_code_takes_what_may_not_be_told()
    {
        var calls = Repository.Files("src", "*.cs")
            .SelectMany(file => LogCall().Matches(Repository.Read(file)).Select(m => (File: file, Message: m.Groups["message"].Value, Parameters: m.Groups["parameters"].Value)))
            .ToList();

        Assert.True(calls.Count > 20, "The catalogues of log messages were not found.");
        // The console sender's whole job is the code.
        Assert.All(calls.Where(call => !call.Message.Contains("your code is")), call =>
            Assert.False(Secret().IsMatch(call.Parameters) || Secret().IsMatch(string.Join(' ', Hole().Matches(call.Message))), $"{call.File}: {call.Message} ({call.Parameters})"));
    }

    [Fact]
    public async Task Logs_are_JSON_by_setting()
    {
        var directory = Directory.CreateTempSubdirectory("charging-");
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList =
            {
                typeof(Program).Assembly.Location, "--environment=Development", $"--Charging:DataDirectory={directory.FullName}", "--Charging:Demo:Enabled=false",
                "--Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "--Kestrel:Endpoints:Grpc:Url=http://127.0.0.1:0", "--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:0",
                "--Logging:Console:FormatterName=json",
            },
        };
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using var server = Process.Start(start)!;
        try
        {
            for (var listening = false; !listening;)
            {
                var line = JsonDocument.Parse(await server.StandardOutput.ReadLineAsync(deadline.Token) ?? throw new InvalidOperationException("The server ended.")).RootElement;
                Assert.NotEqual("", line.GetProperty("LogLevel").GetString());
                listening = line.GetProperty("Message").GetString()!.StartsWith("Listening", StringComparison.Ordinal);
            }
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
            directory.Delete(recursive: true);
        }
    }

    [GeneratedRegex("""\[LoggerMessage\([^"]*"(?<message>[^"]*)"\)\]\s*\S+ (static )?partial void \w+\((?<parameters>[^)]*)\)""")]
    private static partial Regex LogCall();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Hole();

    [GeneratedRegex(@"(?i)\b(secret|token|password|key|smsCode|validationCode|authorization|Phone phone)\b")]
    private static partial Regex Secret();
}
