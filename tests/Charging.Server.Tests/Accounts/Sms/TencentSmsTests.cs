using Charging.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Charging.Server.Tests.Accounts.Sms;

/// <summary>Codes through Tencent Cloud SMS, from the rider's request to the vendor's answer.</summary>
public sealed class TencentSmsTests
{
    [Fact]
    public async Task A_code_arrives_and_registers()
    {
        await using var vendor = await TencentSmsDouble.StartAsync();
        await using var app = await StartAsync(vendor);
        var phone = ChargingApp.NewPhone();
        Assert.Equal(200, (await app.SendCodeAsync(phone, "register")).Code);
        Assert.Equal(200, await SmsRider.RegisterAsync(app, phone, Assert.Single(vendor.CodesFor(phone))));
        SmsRider.NothingSecretIsLogged(app, vendor, phone, TencentSmsDouble.SecretKey);
    }

    [Fact]
    public async Task The_template_gets_the_minutes_that_a_code_lives()
    {
        await using var vendor = await TencentSmsDouble.StartAsync(templateParameters: 2);
        await using var app = await StartAsync(vendor, "--Charging:Sms:Tencent:TemplateHasMinutes=true", "--Charging:Codes:Lifetime=00:05:00");
        var phone = ChargingApp.NewPhone();
        Assert.Equal(200, (await app.SendCodeAsync(phone, "register")).Code);
        Assert.Equal([vendor.CodesFor(phone)[0], "5"], vendor.LastParameters);
    }

    [Theory]
    [InlineData("LimitExceeded.PhoneNumberDailyLimit", false)]
    [InlineData("LimitExceeded.PhoneNumberOneHourLimit", false)]
    [InlineData("LimitExceeded.PhoneNumberThirtySecondLimit", false)]
    [InlineData("LimitExceeded.PhoneNumberCountLimit", true)]
    [InlineData("LimitExceeded.DeliveryFrequencyLimit", true)]
    [InlineData("LimitExceeded", true)]
    [InlineData("RequestLimitExceeded", true)]
    [InlineData("RequestLimitExceeded.UinLimitExceeded", true)]
    public async Task A_limit_of_the_vendor_is_445(string vendorCode, bool refusesTheCall)
    {
        await using var vendor = await TencentSmsDouble.StartAsync();
        await using var app = await StartAsync(vendor);
        (vendor.Behaviour, vendor.VendorCode, vendor.RefusesTheCall) = (SmsVendorBehaviour.Limit, vendorCode, refusesTheCall);
        if (vendorCode is "LimitExceeded")
            app.ExpectError(vendorCode);
        await SmsRider.CanAskAgainAfterAsync(app, vendor, 445);
    }

    [Theory]
    [InlineData("FailedOperation.PhoneNumberInBlacklist", false, LogLevel.Warning)]
    [InlineData("InvalidParameterValue.IncorrectPhoneNumber", true, LogLevel.Warning)]
    [InlineData("FailedOperation.InsufficientBalanceInSmsPackage", false, LogLevel.Error)]
    [InlineData("UnauthorizedOperation.RequestIpNotInWhitelist", true, LogLevel.Error)]
    [InlineData("LimitExceededElsewhere", true, LogLevel.Error)]
    public async Task A_refusal_of_the_vendor_is_5000_and_an_error_only_when_somebody_must_act(string vendorCode, bool refusesTheCall, LogLevel level)
    {
        await using var vendor = await TencentSmsDouble.StartAsync();
        await using var app = await StartAsync(vendor);
        (vendor.Behaviour, vendor.VendorCode, vendor.RefusesTheCall) = (SmsVendorBehaviour.Refuse, vendorCode, refusesTheCall);
        if (level == LogLevel.Error)
            app.ExpectError(vendorCode);
        await SmsRider.CanAskAgainAfterAsync(app, vendor, 5000);
        Assert.Equal(level, Assert.Single(app.Log.Records, r => r.Message.Contains(vendorCode)).Level);
    }

    [Theory]
    [InlineData(SmsVendorBehaviour.Fail)]
    [InlineData(SmsVendorBehaviour.Silent)]
    [InlineData(SmsVendorBehaviour.Cut)]
    [InlineData(SmsVendorBehaviour.HalfAnswer)]
    public async Task A_code_works_although_the_vendors_answer_was_lost(SmsVendorBehaviour behaviour)
    {
        await using var vendor = await TencentSmsDouble.StartAsync();
        await using var app = await StartAsync(vendor);
        vendor.Behaviour = behaviour;
        var phone = await SmsRider.UsesTheCodeOfALostAnswerAsync(app, vendor);
        SmsRider.NothingSecretIsLogged(app, vendor, phone, TencentSmsDouble.SecretKey);
    }

    [Theory]
    [InlineData("InternalError.Timeout")]
    [InlineData("InternalError")]
    [InlineData("ServiceUnavailable")]
    public async Task An_error_of_the_vendors_own_keeps_the_code(string vendorCode)
    {
        await using var vendor = await TencentSmsDouble.StartAsync();
        await using var app = await StartAsync(vendor);
        (vendor.Behaviour, vendor.VendorCode, vendor.RefusesTheCall) = (SmsVendorBehaviour.Refuse, vendorCode, true);
        var phone = ChargingApp.NewPhone();
        Assert.Equal(5000, (await app.SendCodeAsync(phone, "register")).Code);
        Assert.Equal(445, (await app.SendCodeAsync(phone, "register")).Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"Response":null}""")]
    [InlineData("""{"Response":{"SendStatusSet":[]}}""")]
    [InlineData("""{"Response":{"SendStatusSet":[null]}}""")]
    [InlineData("""{"Response":{"Error":{}}}""")]
    [InlineData("""{"Response":{"SendStatusSet":[{"Code":"Ok"}],"Error":{"Code":7}}}""")]
    public async Task Nonsense_in_place_of_an_answer_keeps_the_code(string nonsense)
    {
        await using var vendor = await TencentSmsDouble.StartAsync();
        await using var app = await StartAsync(vendor);
        vendor.Nonsense = nonsense;
        await SmsRider.UsesTheCodeOfALostAnswerAsync(app, vendor);
    }

    [Fact]
    public async Task An_answer_without_end_is_not_read_to_its_end()
    {
        await using var vendor = await TencentSmsDouble.StartAsync();
        await using var app = await StartAsync(vendor);
        vendor.Nonsense = new string(' ', 1024 * 1024);
        await SmsRider.UsesTheCodeOfALostAnswerAsync(app, vendor);
        Assert.Contains(app.Log.Records, r => r.Message.Contains("ConfigurationLimitExceeded"));
    }

    [Fact]
    public async Task A_wrong_key_is_refused_by_the_vendor_and_an_error_in_the_log()
    {
        await using var vendor = await TencentSmsDouble.StartAsync();
        await using var app = await StartAsync(vendor, [.. vendor.Settings("AnotherKey")]);
        app.ExpectError("AuthFailure.SignatureFailure");
        Assert.Equal(5000, (await app.SendCodeAsync(ChargingApp.NewPhone(), "register")).Code);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var vendor = await TencentSmsDouble.StartAsync();
        await using var app = await StartAsync(vendor);
        app.ExpectError("HTTP307");
        vendor.Behaviour = SmsVendorBehaviour.Redirect;
        await SmsRider.CanAskAgainAfterAsync(app, vendor, 5000);
    }

    [Fact]
    public async Task A_vendor_that_cannot_be_reached_is_5000()
    {
        await using var vendor = await TencentSmsDouble.StartAsync();
        await using var app = await StartAsync(vendor);
        await vendor.DisposeAsync();
        Assert.Equal(5000, (await app.SendCodeAsync(ChargingApp.NewPhone(), "register")).Code);
    }

    private static Task<ChargingApp> StartAsync(TencentSmsDouble vendor, params string[] settings) =>
        ChargingApp.StartAsync(new ChargingAppOptions { SmsBySettings = true, Settings = [.. vendor.Settings(), SmsRider.LogsEverything, .. settings] });
}
