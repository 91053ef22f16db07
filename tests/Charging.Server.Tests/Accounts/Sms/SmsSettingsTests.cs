using Charging.Server.Accounts.Sms;
using Charging.Server.Calls;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Accounts.Sms;

/// <summary>Settings of SMS that are missing or make no sense stop the start, and the sentence names them but no secret.</summary>
public sealed class SmsSettingsTests
{
    private const string Secret = "0123456789abcdef0123456789abcdef";

    private static readonly string[] Tencent =
    [
        "--Charging:Sms:Provider=Tencent", "--Charging:Sms:Tencent:SecretId=AKIDx", $"--Charging:Sms:Tencent:SecretKey={Secret}",
        "--Charging:Sms:Tencent:SdkAppId=1400006666", "--Charging:Sms:Tencent:SignName=充电", "--Charging:Sms:Tencent:TemplateId=1110",
    ];

    private static readonly string[] Webhook =
        ["--Charging:Sms:Provider=Webhook", "--Charging:Sms:Webhook:Url=https://sms.example.com/send", $"--Charging:Sms:Webhook:Secret={Secret}"];

    [Theory]
    [InlineData("SecretId", "")]
    [InlineData("SecretId", "AKID with spaces")]
    [InlineData("SecretKey", "")]
    [InlineData("SecretKey", "two words")]
    [InlineData("SdkAppId", "")]
    [InlineData("SignName", "")]
    [InlineData("TemplateId", "")]
    [InlineData("Region", "")]
    [InlineData("BaseUrl", "")]
    [InlineData("BaseUrl", "http://sms.tencentcloudapi.com")]
    [InlineData("BaseUrl", "https://sms.tencentcloudapi.com/v3")]
    [InlineData("SecretKeyFile", "/nowhere/key")]
    public void A_setting_of_tencent_is_named(string name, string value) =>
        AssertNamed($"Charging:Sms:Tencent:{name}", [.. Tencent, $"--Charging:Sms:Tencent:{name}={value}"]);

    [Theory]
    [InlineData("Url", "")]
    [InlineData("Url", "sms.example.com")]
    [InlineData("Url", "http://sms.example.com/send")]
    [InlineData("Url", "ftp://localhost/send")]
    [InlineData("Url", "https://user:word@sms.example.com/send")]
    [InlineData("Secret", "")]
    [InlineData("Secret", "short")]
    public void A_setting_of_the_webhook_is_named(string name, string value) =>
        AssertNamed($"Charging:Sms:Webhook:{name}", [.. Webhook, $"--Charging:Sms:Webhook:{name}={value}"]);

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("00:00:10")]
    public void A_send_takes_less_than_the_ten_seconds_of_the_port(string timeout) =>
        AssertNamed("Charging:Sms:Timeout", [.. Webhook, $"--Charging:Sms:Timeout={timeout}"]);

    [Fact]
    public void Minutes_in_the_template_must_be_whole() =>
        AssertNamed("Charging:Codes:Lifetime", [.. Tencent, "--Charging:Sms:Tencent:TemplateHasMinutes=true", "--Charging:Codes:Lifetime=00:01:30"]);

    [Fact]
    public void Nobody_sends_by_default_outside_development() => AssertNamed("Charging:Sms:Provider", ["--environment=Production"]);

    [Theory]
    [InlineData("http://127.0.0.1:9000/send")]
    [InlineData("http://localhost:9000/send")]
    [InlineData("http://[::1]:9000/send")]
    [InlineData("https://sms.example.com/send?token=x")]
    public void The_address_may_be_plain_only_on_this_machine(string url) => Assert.Null(new WebhookSmsOptions { Url = url }.Complaint());

    [Fact]
    public async Task A_secret_may_be_in_a_file_with_a_line_break_at_its_end()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, WebhookReceiver.Secret + "\n", TestContext.Current.CancellationToken);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions
        {
            SmsBySettings = true,
            Settings = [.. receiver.Settings(secret: ""), $"--Charging:Sms:Webhook:SecretFile={file}"],
        });
        File.Delete(file);
        Assert.Equal(200, (await app.SendCodeAsync(ChargingApp.NewPhone(), "register")).Code);
    }

    [Fact]
    public async Task Codes_take_no_way_round_by_proxies_and_redirects()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { SmsBySettings = true, Settings = receiver.Settings() });
        var handler = app.Services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(SmsClient.Name);
        while (handler is DelegatingHandler { InnerHandler: { } inner })
            handler = inner;
        var sockets = Assert.IsType<SocketsHttpHandler>(handler);
        Assert.Equal((false, false, false), (sockets.UseProxy, sockets.AllowAutoRedirect, sockets.UseCookies));
    }

    [Fact]
    public void A_secret_is_in_one_place()
    {
        var complaint = Assert.Throws<StartupException>(() => SecretSetting.Read(Secret, "/run/secret", "Charging:Sms:Webhook:Secret", "a secret"));
        Assert.Contains("both", complaint.Message);
    }

    [Fact]
    public void Options_do_not_print_their_secrets() => Assert.DoesNotContain(
        Secret, $"{new TencentSmsOptions { SecretKey = Secret }} {new WebhookSmsOptions { Secret = Secret, Url = $"https://example.com/{Secret}" }}");

    private static void AssertNamed(string setting, string[] settings)
    {
        var directory = Directory.CreateTempSubdirectory("charging-");
        var complaint = Assert.Throws<StartupException>(
            () => Program.Build(["--environment=Development", $"--Charging:DataDirectory={directory.FullName}", .. settings]));
        directory.Delete(recursive: true);
        Assert.Contains(setting, complaint.Message);
        Assert.DoesNotContain(Secret, complaint.Message);
        Assert.EndsWith(".", complaint.Message);
    }
}
