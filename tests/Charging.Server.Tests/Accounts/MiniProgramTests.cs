using Charging.Server.Accounts.MiniProgram;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Server.Tests.Payments.WeChatPay;
using Charging.Testing;
using Charging.Testing.WeChatPay;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Accounts;

/// <summary>The mini-program's WeChat: who a rider is, and the message at the end of a charge.</summary>
public sealed class MiniProgramTests
{
    private const string Template = "--Charging:MiniProgram:EndTemplateId=TEMPLATE_OF_THE_END";

    [Fact]
    public async Task A_code_of_wx_login_tells_who_it_is_once()
    {
        await using var paying = await PayingStand.OpenAsync();
        var code = paying.WeChat.MiniProgram.Login("oRider");
        Assert.Equal("oRider", await OpenIdAsync(paying, code));
        Assert.Null(await OpenIdAsync(paying, code));
        Assert.Null(await OpenIdAsync(paying, "invented"));
        Assert.Null(await OpenIdAsync(paying, "&secret=1"));
    }

    [Theory]
    [InlineData(Outage.ServerError)]
    [InlineData(Outage.TooMany)]
    [InlineData(Outage.Cut)]
    [InlineData(Outage.Slow)]
    public async Task No_answer_about_a_code_is_no_answer(Outage outage)
    {
        await using var paying = await PayingStand.OpenAsync();
        paying.WeChat.Faults.Break(outage, WeChatCall.Session);
        await Assert.ThrowsAsync<ProviderUnavailableException>(() => OpenIdAsync(paying, paying.WeChat.MiniProgram.Login("oRider")));
    }

    [Fact]
    public async Task A_wrong_secret_is_an_operators_matter_and_is_not_said()
    {
        await using var paying = await PayingStand.OpenAsync(settings: ["--Charging:MiniProgram:AppSecretFile=", "--Charging:MiniProgram:AppSecret=wrong-secret"]);
        paying.Stand.App.ExpectError("Charging:MiniProgram:AppId");
        var fault = await Assert.ThrowsAsync<ProviderUnavailableException>(() => OpenIdAsync(paying, paying.WeChat.MiniProgram.Login("oRider")));
        Assert.DoesNotContain("wrong-secret", fault.ToString());
        Assert.All(paying.Stand.App.Log.Records, record => Assert.DoesNotContain("wrong-secret", record.ToString()));
    }

    [Fact]
    public async Task The_rider_is_told_once_that_the_charge_is_over()
    {
        await using var paying = await PayingStand.OpenAsync(settings: Template);
        await paying.LearnOpenIdAsync("oRider");
        paying.WeChat.MiniProgram.Subscribe("oRider");
        var orderNo = await ChargeAsync(paying);
        await Retry.Until("the rider is told", () => !paying.WeChat.MiniProgram.Messages.IsEmpty);
        var message = Assert.Single(paying.WeChat.MiniProgram.Messages);
        Assert.Equal(("oRider", orderNo), (message.OpenId, message.Fields["character_string1"]));
        Assert.Equal(["character_string1", "time2", "thing3", "amount4", "amount5"], message.Fields.Keys);
        Assert.Matches(@"^2019年12月4日 \d\d:\d\d$", message.Fields["time2"]);
        Assert.Matches(@"^\d+小时\d+分$", message.Fields["thing3"]);
        Assert.Matches(@"^\d+\.\d\d元$", message.Fields["amount4"]);
        await NothingIsDueAsync(paying, orderNo);
        Assert.Equal(1, paying.WeChat.Count(WeChatCall.Message));
    }

    [Fact]
    public async Task A_rider_who_has_not_subscribed_is_no_error_and_is_not_asked_again()
    {
        await using var paying = await PayingStand.OpenAsync(settings: Template);
        await paying.LearnOpenIdAsync("oRider");
        var orderNo = await ChargeAsync(paying);
        await Retry.Until("WeChat was asked", () => paying.WeChat.Count(WeChatCall.Message) == 1);
        await NothingIsDueAsync(paying, orderNo);
        Assert.Empty(paying.WeChat.MiniProgram.Messages);
    }

    [Theory]
    [InlineData(Outage.CutAfter, 1)]
    [InlineData(Outage.Cut, 0)]
    [InlineData(Outage.ServerError, 0)]
    public async Task A_message_whose_fate_is_not_known_is_not_sent_again(Outage outage, int arrived)
    {
        await using var paying = await PayingStand.OpenAsync(settings: Template);
        await paying.LearnOpenIdAsync("oRider");
        paying.WeChat.MiniProgram.Subscribe("oRider");
        paying.WeChat.Faults.Break(outage, WeChatCall.Message);
        var orderNo = await ChargeAsync(paying);
        await Retry.Until("that is in the log", () => paying.Stand.App.Log.Records.Any(record => record.Message.Contains("is not known, and it is not tried again")));
        await NothingIsDueAsync(paying, orderNo);
        Assert.Equal((1, arrived), (paying.WeChat.Count(WeChatCall.Message), paying.WeChat.MiniProgram.Messages.Count));
    }

    [Fact]
    public async Task A_token_is_asked_for_once_and_again_when_WeChat_no_longer_takes_it()
    {
        await using var paying = await PayingStand.OpenAsync(settings: Template);
        var miniProgram = paying.Stand.App.Services.GetRequiredService<IMiniProgram>();
        async Task<bool> TellAsync()
        {
            paying.WeChat.MiniProgram.Subscribe("oRider");
            return await miniProgram.NotifyAsync(new EndNotice("oRider", "1", "014441AC53", "02", Stand.Beginning, 60, 10, 1, 0), CancellationToken.None);
        }
        Assert.True(await TellAsync());
        Assert.True(await TellAsync());
        Assert.Equal(1, paying.WeChat.Count(WeChatCall.Token));
        paying.WeChat.MiniProgram.Revoke();
        Assert.True(await TellAsync());
        Assert.Equal((2, 4), (paying.WeChat.Count(WeChatCall.Token), paying.WeChat.Count(WeChatCall.Message)));
        paying.Stand.Clock.Advance(TimeSpan.FromMinutes(115));
        Assert.True(await TellAsync());
        Assert.Equal(3, paying.WeChat.Count(WeChatCall.Token));
    }

    [Fact]
    public async Task Nobody_is_told_anything_without_a_template_or_without_knowing_the_rider()
    {
        await using var paying = await PayingStand.OpenAsync();
        await paying.LearnOpenIdAsync("oRider");
        await NothingIsDueAsync(paying, await ChargeAsync(paying));
        await using var unknown = await PayingStand.OpenAsync(settings: Template);
        await NothingIsDueAsync(unknown, await ChargeAsync(unknown));
        Assert.Equal((0, 0), (paying.WeChat.Count(WeChatCall.Token), unknown.WeChat.Count(WeChatCall.Token)));
    }

    [Theory]
    [InlineData("TEMPLATE_OF_CARDS", true)]
    [InlineData("", false)]
    public async Task The_owner_of_a_card_that_was_blocked_is_told_where_there_is_a_template(string template, bool told)
    {
        await using var paying = await PayingStand.OpenAsync(settings: $"--Charging:MiniProgram:CardTemplateId={template}");
        paying.WeChat.MiniProgram.Subscribe("oRider");
        var notice = new CardNotice("oRider", "2577522B", "014441AC53", Stand.Beginning);
        Assert.Equal(told, await paying.Stand.App.Services.GetRequiredService<IMiniProgram>().NotifyAsync(notice, CancellationToken.None));
        Assert.Equal(told ? 1 : 0, paying.WeChat.Count(WeChatCall.Message));
        Assert.All(paying.WeChat.MiniProgram.Messages, message => Assert.Equal(
            [("character_string1", "2577522B"), ("time2", "2019年12月4日 11:07"), ("thing3", "短时间内异地刷卡，已停用")],
            message.Fields.Select(field => (field.Key, field.Value))));
        Assert.All(paying.WeChat.MiniProgram.Messages, message => Assert.Equal(template, message.TemplateId));
    }

    [Fact]
    public async Task In_Development_whoever_names_a_code_is_somebody()
    {
        await using var app = await ChargingApp.StartAsync();
        var miniProgram = app.Services.GetRequiredService<IMiniProgram>();
        var first = await miniProgram.OpenIdAsync("a", CancellationToken.None);
        Assert.Equal(first, await miniProgram.OpenIdAsync("a", CancellationToken.None));
        Assert.NotEqual(first, await miniProgram.OpenIdAsync("b", CancellationToken.None));
        Assert.Null(await miniProgram.OpenIdAsync("refused", CancellationToken.None));
    }

    [Fact]
    public async Task Outside_Development_the_server_starts_without_a_mini_program_and_nobody_is_known()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions
        {
            Settings = ["--environment=Production", "--Charging:Payment:Provider=Sandbox", "--Charging:AllowSandbox=true", "--Charging:Sms:Provider=Console"],
        });
        var miniProgram = app.Services.GetRequiredService<IMiniProgram>();
        var fault = await Assert.ThrowsAsync<ProviderUnavailableException>(() => miniProgram.OpenIdAsync("a", CancellationToken.None));
        Assert.Contains("Charging:MiniProgram:Provider", fault.Message);
    }

    [Theory]
    [InlineData("Charging:MiniProgram:Provider", "--Charging:MiniProgram:Provider=Sandbox")]
    [InlineData("Charging:MiniProgram:Provider", "--Charging:MiniProgram:Provider=Other")]
    [InlineData("Charging:MiniProgram:AppId", "--Charging:MiniProgram:Provider=WeChat")]
    [InlineData("Charging:MiniProgram:AppSecret", "--Charging:MiniProgram:Provider=WeChat", "--Charging:MiniProgram:AppId=wx1")]
    [InlineData(
        "Charging:Payment:WeChatPay:AppId", "--Charging:MiniProgram:Provider=WeChat", "--Charging:MiniProgram:AppId=wx1",
        "--Charging:MiniProgram:AppSecret=s", "--Charging:Payment:WeChatPay:AppId=wx2")]
    [InlineData("Charging:MiniProgram:BaseUrl", "--Charging:MiniProgram:BaseUrl=http://api.weixin.qq.com")]
    [InlineData("Charging:MiniProgram:EndTemplateFields", "--Charging:MiniProgram:EndTemplateFields=time2=never")]
    [InlineData("Charging:MiniProgram:CardTemplateFields", "--Charging:MiniProgram:CardTemplateFields=time2=endedAt")]
    [InlineData("Charging:MiniProgram:EndTemplateFields", "--Charging:MiniProgram:EndTemplateFields=time2=endedAt,time2=used")]
    public void A_wrong_setting_is_named(string name, params string[] settings)
    {
        var complaint = Assert.Throws<StartupException>(() => Program.Build(["--environment=Production", "--Charging:Sms:Provider=Console", .. settings]));
        Assert.Contains(name, complaint.Message);
    }

    private static Task<string?> OpenIdAsync(PayingStand paying, string code) =>
        paying.Stand.App.Services.GetRequiredService<IMiniProgram>().OpenIdAsync(code, CancellationToken.None);

    private static async Task<string> ChargeAsync(PayingStand paying)
    {
        var orderNo = await paying.ReserveAsync();
        await paying.WeChat.PayAsync(orderNo);
        await paying.Stand.UntilAsync(orderNo, OrderState.Charging);
        await paying.Stand.PassAsync(TimeSpan.FromMinutes(1));
        paying.Stand.Pile.BatteryFull(2);
        await paying.Stand.UntilAsync(orderNo, OrderState.Settled);
        return orderNo;
    }

    private static Task NothingIsDueAsync(PayingStand paying, string orderNo) =>
        Retry.Until("nobody is to be told any more", async () => await paying.DueAsync(DueKind.Notice, orderNo) is null);
}
