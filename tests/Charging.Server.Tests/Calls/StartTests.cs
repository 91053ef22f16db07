using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Charging.Server.Tests.Calls;

/// <summary>A server that cannot start says so in one sentence that names the setting, and exits with 1.</summary>
public sealed class StartTests
{
    private const string Tls = "--Kestrel:Endpoints:Mqtt:Url=https://127.0.0.1:0";
    private const string External = "--Charging:Mqtt:Mode=External --Charging:Mqtt:Url=mqtt://127.0.0.1";

    [Theory]
    [InlineData("--Charging:Codes:Lifetime=soon", "Charging:Codes:Lifetime")]
    [InlineData("--Charging:Codes:Lifetime=00:00:00", "Charging:Codes:Lifetime")]
    [InlineData("--Charging:Codes:MaxSmsPerMinute=0", "Charging:Codes:MaxSmsPerMinute")]
    [InlineData("--Charging:Codes:MaxFailuresPerAddress=2000000", "Charging:Codes:MaxFailuresPerAddress")]
    [InlineData("--Charging:Payment:MaxQueriesPerMinute=4", "Charging:Payment:MaxQueriesPerMinute")]
    [InlineData("--Charging:MiniProgram:MaxLoginsPerMinute=0", "Charging:MiniProgram:MaxLoginsPerMinute")]
    [InlineData("--Charging:Orders:Reservaton=00:02:00", "Charging:Orders:Reservaton")]
    [InlineData("--Charging:Ordres:Reservation=00:02:00", "Charging:Ordres")]
    [InlineData("--Charging:Sms:Tencent:Key=k", "Charging:Sms:Tencent:Key")]
    [InlineData("--Charging:AllowSandBoxes=true", "Charging:AllowSandBoxes")]
    [InlineData("--Charging:Cards:VirtualDigits=8", "Charging:Cards:VirtualDigits")]
    [InlineData("--Charging:Cards:MaxForeignNumbers=0", "Charging:Cards:MaxForeignNumbers")]
    [InlineData("--Charging:Cards:MaxRefusedSwipes=0", "Charging:Cards:MaxRefusedSwipes")]
    [InlineData("--Charging:Piles:MaxUnreadablePerMinute=0", "Charging:Piles:MaxUnreadablePerMinute")]
    [InlineData("--Charging:Cards:MaxTravelKmPerHour=-1", "Charging:Cards:MaxTravelKmPerHour")]
    [InlineData("--Charging:Cards:FarApartKm=0", "Charging:Cards:FarApartKm")]
    [InlineData("--Charging:Cards:MaxSwipesPerHour=0", "Charging:Cards:MaxSwipesPerHour")]
    [InlineData("--Charging:Cards:MaxFenPerDay=0", "Charging:Cards:MaxFenPerDay")]
    [InlineData("--Charging:Cards:MaxFenPerDay=99", "Charging:Cards:MaxFenPerDay")]
    [InlineData("--Charging:Orders:ImpossibleRecordsForAlarm=0", "Charging:Orders:ImpossibleRecordsForAlarm")]
    [InlineData("--Charging:Cards:ByteOrder=Middle", "Charging:Cards:ByteOrder")]
    [InlineData("--Charging:TrustedProxies:0=proxy", "Charging:TrustedProxies")]
    [InlineData("--Charging:Sms:Provider=Pigeon", "Charging:Sms:Provider")]
    [InlineData("--Charging:Sms:Provider=Tencent", "Charging:Sms:Tencent:SecretId")]
    [InlineData("--Charging:Sms:Provider=Webhook", "Charging:Sms:Webhook:Url")]
    [InlineData("--environment=Production", "Charging:Sms:Provider")]
    [InlineData("--Kestrel:Endpoints:Http:Url=8190", "Kestrel:Endpoints:Http:Url")]
    [InlineData("--Kestrel:Endpoints:Grpc:Url=http://127.0.0.1:80900", "Kestrel:Endpoints:Grpc:Url")]
    [InlineData("--Kestrel:Endpoints:Mqqt:Url=http://127.0.0.1:0", "Kestrel:Endpoints:Mqqt")]
    [InlineData(Tls, "Kestrel:Certificates")]
    [InlineData($"{Tls} --Kestrel:Certificates:Default:Path=/dev/null --Kestrel:Certificates:Default:KeyPath=/dev/null", "Kestrel:Certificates")]
    [InlineData($"{Tls} --Kestrel:Certificates:Default:Path=/nowhere/tls.pem", "/nowhere/tls.pem")]
    [InlineData("--Charging:Store:Moving=true --Charging:DataDirectry=/data", "Charging:DataDirectry")]
    [InlineData("--Charging:DataDirectory=/dev/null/data", "Charging:DataDirectory")]
    [InlineData("--Charging:DrainNotice=00:02:00", "Charging:DrainNotice")]
    [InlineData("--Charging:Mqtt:Mode=Elsewhere", "Charging:Mqtt:Mode")]
    [InlineData("--Charging:Mqtt:Url=mqtt://127.0.0.1", "Charging:Mqtt:Url")]
    [InlineData("--Charging:Mqtt:HookSecret=a-secret-of-at-least-32-characters", "Charging:Mqtt:HookSecret")]
    [InlineData("--Charging:Store:ConnectionString=Host=db", "Charging:Store:ConnectionString")]
    [InlineData("--Charging:Mqtt:Mode=External", "Charging:Mqtt:Url")]
    [InlineData("--Charging:Mqtt:Mode=External --Charging:Mqtt:Url=http://127.0.0.1:1883", "Charging:Mqtt:Url")]
    [InlineData(External, "Charging:Mqtt:Username")]
    [InlineData($"{External} --Charging:Mqtt:Username=014441AC53", "Charging:Mqtt:Username")]
    [InlineData($"{External} --Charging:Mqtt:Username=node", "Charging:Mqtt:Password")]
    [InlineData($"{External} --Charging:Mqtt:Username=node --Charging:Mqtt:Password=p --Charging:Mqtt:NodeId=a/b", "Charging:Mqtt:NodeId")]
    [InlineData($"{External} --Charging:Mqtt:Username=node --Charging:Mqtt:Password=p --Charging:Mqtt:CaFile=/dev/null/ca", "Charging:Mqtt:CaFile")]
    [InlineData($"{External} --Charging:Mqtt:Username=node --Charging:Mqtt:Password=p --Charging:Mqtt:HookSecret=short", "Charging:Mqtt:HookSecret")]
    [InlineData($"{External} --Charging:Mqtt:Username=node --Charging:Mqtt:Password=p --Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:0", "Kestrel:Endpoints:Mqtt:Url")]
    public async Task A_wrong_setting_is_named(string settings, string name)
    {
        var (exitCode, error) = await RunAsync(settings.Split(' '));
        Assert.Equal(1, exitCode);
        Assert.Contains(name, Assert.Single(error.Trim().Split('\n')));
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        var (exitCode, error) = await RunAsync($"--Kestrel:Endpoints:Http:Url=http://127.0.0.1:{port}");
        Assert.Equal(1, exitCode);
        var sentence = Assert.Single(error.Trim().Split('\n'));
        Assert.Contains(port, sentence);
        Assert.Contains("Kestrel:Endpoints", sentence);
    }

    private static async Task<(int ExitCode, string Error)> RunAsync(params string[] settings)
    {
        var directory = Directory.CreateTempSubdirectory("charging-");
        string[] args =
        [
            typeof(Program).Assembly.Location, "--environment=Development", $"--Charging:DataDirectory={directory.FullName}",
            "--Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "--Kestrel:Endpoints:Grpc:Url=http://127.0.0.1:0", .. settings,
        ];
        var start = new ProcessStartInfo("dotnet", args) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var error = await process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        Assert.DoesNotContain("   at ", await output);
        directory.Delete(recursive: true);
        return (process.ExitCode, error);
    }
}
