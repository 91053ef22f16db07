using System.Globalization;
using Charging.Server.Accounts.Sms;
using Charging.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Charging.Server.Tests.Accounts.Sms;

/// <summary>Codes through the signed webhook.</summary>
public sealed class WebhookTests
{
    [Fact]
    public async Task A_message_is_signed_and_says_phone_code_time_and_id()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var app = await StartAsync(receiver);
        var phone = ChargingApp.NewPhone();
        Assert.Equal(200, (await app.SendCodeAsync(phone, "register")).Code);

        var message = receiver.LastMessage;
        Assert.Equal(["phone", "code", "sentAt", "id"], message.EnumerateObject().Select(p => p.Name));
        Assert.Equal((phone, receiver.CodesFor(phone)[0]), (message.GetProperty("phone").GetString(), message.GetProperty("code").GetString()));
        Assert.Matches("^[0-9a-f]{32}$", message.GetProperty("id").GetString());
        var sentAt = DateTimeOffset.ParseExact(message.GetProperty("sentAt").GetString()!, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        Assert.InRange(DateTimeOffset.UtcNow - sentAt, TimeSpan.FromSeconds(-1), TimeSpan.FromMinutes(1));
        Assert.Equal(200, await SmsRider.RegisterAsync(app, phone, receiver.CodesFor(phone)[0]));
        SmsRider.NothingSecretIsLogged(app, receiver, phone, WebhookReceiver.Secret, WebhookReceiver.Path);
    }

    [Fact]
    public async Task Each_message_has_an_id_of_its_own()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var app = await StartAsync(receiver);
        await app.SendCodeAsync(ChargingApp.NewPhone(), "register");
        var first = receiver.LastMessage.GetProperty("id").GetString();
        await app.SendCodeAsync(ChargingApp.NewPhone(), "register");
        Assert.NotEqual(first, receiver.LastMessage.GetProperty("id").GetString());
    }

    [Fact]
    public void The_signature_is_that_of_any_other_tool() => Assert.Equal(
        // printf '%s' '1772337600.{"phone":"13800138000"}' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
        "sha256=3e9e850feae12dfc74ded72d020a9aab080a276d09ef65eec13fd244dcbf7296",
        new WebhookSignature("0123456789abcdef0123456789abcdef").Sign("1772337600", """{"phone":"13800138000"}"""u8.ToArray()));

    [Fact]
    public async Task Too_many_is_445()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var app = await StartAsync(receiver);
        receiver.Behaviour = SmsVendorBehaviour.Limit;
        await SmsRider.CanAskAgainAfterAsync(app, receiver, 445);
    }

    [Theory]
    [InlineData(400, LogLevel.Warning)]
    [InlineData(422, LogLevel.Warning)]
    [InlineData(403, LogLevel.Error)]
    [InlineData(404, LogLevel.Error)]
    public async Task A_refusal_is_5000_and_an_error_only_when_somebody_must_act(int status, LogLevel level)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var app = await StartAsync(receiver);
        var line = "refused a message to 130****";
        (receiver.Behaviour, receiver.RefusalStatus) = (SmsVendorBehaviour.Refuse, status);
        if (level == LogLevel.Error)
            app.ExpectError(line);
        await SmsRider.CanAskAgainAfterAsync(app, receiver, 5000);
        Assert.Equal(level, Assert.Single(app.Log.Records, r => r.Message.Contains(line) && r.Message.Contains($"HTTP {status}")).Level);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var app = await StartAsync(receiver);
        app.ExpectError("HTTP 307");
        receiver.Behaviour = SmsVendorBehaviour.Redirect;
        await SmsRider.CanAskAgainAfterAsync(app, receiver, 5000);
    }

    [Theory]
    [InlineData(SmsVendorBehaviour.Fail)]
    [InlineData(SmsVendorBehaviour.Silent)]
    [InlineData(SmsVendorBehaviour.Cut)]
    public async Task A_code_works_although_the_receivers_answer_was_lost(SmsVendorBehaviour behaviour)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var app = await StartAsync(receiver);
        receiver.Behaviour = behaviour;
        var phone = await SmsRider.UsesTheCodeOfALostAnswerAsync(app, receiver);
        SmsRider.NothingSecretIsLogged(app, receiver, phone, WebhookReceiver.Secret, WebhookReceiver.Path);
    }

    [Fact]
    public async Task A_message_was_sent_when_the_status_says_so_and_the_rest_never_comes()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var app = await StartAsync(receiver);
        receiver.Behaviour = SmsVendorBehaviour.HalfAnswer;
        Assert.Equal(200, (await app.SendCodeAsync(ChargingApp.NewPhone(), "register")).Code);
    }

    [Fact]
    public async Task A_message_with_another_secret_is_not_believed()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var app = await ChargingApp.StartAsync(
            new ChargingAppOptions { SmsBySettings = true, Settings = receiver.Settings("another-secret-of-at-least-32-characters") });
        app.ExpectError("HTTP 401");
        Assert.Equal(5000, (await app.SendCodeAsync(ChargingApp.NewPhone(), "register")).Code);
    }

    private static Task<ChargingApp> StartAsync(WebhookReceiver receiver) =>
        ChargingApp.StartAsync(new ChargingAppOptions { SmsBySettings = true, Settings = [.. receiver.Settings(), SmsRider.LogsEverything] });
}
