using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Testing.WeChatPay;
using Xunit;

namespace Charging.Server.Tests.Payments.WeChatPay;

/// <summary>Whose signatures are believed: platform certificates, the public key, both, and what happens when they change.</summary>
public sealed class PlatformKeysTests
{
    [Theory]
    [InlineData(SigningMode.Certificates, 1)]
    [InlineData(SigningMode.PublicKey, 0)]
    [InlineData(SigningMode.Both, 0)]
    public async Task Answers_are_verified_in_every_mode(SigningMode mode, int downloads)
    {
        await using var client = await WeChatPayClient.OpenAsync(mode);
        await client.PaidAsync();
        Assert.Equal(new PaymentAnswer(PaymentState.Paid, 101), await client.QueryAsync());
        Assert.Equal(downloads, client.WeChat.Count(WeChatCall.Certificates));
    }

    [Fact]
    public async Task A_new_certificate_leads_to_one_download_and_the_old_one_stays_good()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        client.Clock.Advance(TimeSpan.FromMinutes(2));
        client.WeChat.RotateCertificate();
        Assert.Equal(PaymentState.Paid, (await client.QueryAsync()).State);
        Assert.Equal(PaymentState.Paid, (await client.QueryAsync()).State);
        Assert.Equal(2, client.WeChat.Count(WeChatCall.Certificates));
    }

    [Fact]
    public async Task Invented_serial_numbers_are_no_stream_of_downloads()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        client.Clock.Advance(TimeSpan.FromMinutes(2));
        client.Log.Expect("is not to be trusted");
        client.WeChat.Faults.Answers = Lie.UnknownSerial;
        for (var i = 0; i < 5; i++)
            await Assert.ThrowsAsync<UntrustedAnswerException>(client.QueryAsync);
        Assert.Equal(2, client.WeChat.Count(WeChatCall.Certificates));
    }

    [Fact]
    public async Task Certificates_are_downloaded_again_after_twelve_hours()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        client.Clock.Advance(TimeSpan.FromHours(12) - TimeSpan.FromSeconds(1));
        await client.QueryAsync();
        Assert.Equal(1, client.WeChat.Count(WeChatCall.Certificates));
        client.Clock.Advance(TimeSpan.FromSeconds(1));
        await client.QueryAsync();
        Assert.Equal(2, client.WeChat.Count(WeChatCall.Certificates));
    }

    [Fact]
    public async Task Those_at_hand_are_used_while_no_new_ones_can_be_downloaded()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        client.WeChat.Faults.Break(Outage.ServerError, WeChatCall.Certificates);
        client.Clock.Advance(TimeSpan.FromHours(13));
        Assert.Equal(PaymentState.Paid, (await client.QueryAsync()).State);
        Assert.Contains(client.Log.Records, record => record.Message.Contains("could not be downloaded"));
    }

    [Fact]
    public async Task Without_any_certificate_nothing_is_believed_until_one_can_be_downloaded()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        client.WeChat.Faults.Break(Outage.ServerError, WeChatCall.Certificates);
        await Assert.ThrowsAsync<ProviderUnavailableException>(client.PrepayAsync);
        await Assert.ThrowsAsync<ProviderUnavailableException>(client.PrepayAsync);
        Assert.Equal(1, client.WeChat.Count(WeChatCall.Certificates));
        client.WeChat.Faults.Mend();
        client.Clock.Advance(TimeSpan.FromSeconds(5));
        await client.PaidAsync();
    }

    [Fact]
    public async Task Many_questions_at_once_lead_to_one_download()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.QueryAsync()));
        Assert.All(answers, answer => Assert.Equal(PaymentState.NotPaid, answer.State));
        await client.PrepayAsync();
        client.Clock.Advance(TimeSpan.FromHours(12));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.QueryAsync()));
        Assert.Equal(2, client.WeChat.Count(WeChatCall.Certificates));
    }

    [Fact]
    public async Task Certificates_that_do_not_open_with_the_APIv3_key_are_not_believed()
    {
        await using var client = await WeChatPayClient.OpenAsync(
            SigningMode.Certificates, "--Charging:Payment:WeChatPay:ApiV3KeyFile=", "--Charging:Payment:WeChatPay:ApiV3Key=0123456789abcdef0123456789abcdef");
        client.Log.Expect("ApiV3Key");
        await Assert.ThrowsAsync<ProviderUnavailableException>(client.PrepayAsync);
    }

    [Fact]
    public async Task Certificates_whose_answer_is_signed_by_nobody_are_not_believed()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        client.WeChat.Faults.CertificateAnswers = Lie.BadSignature;
        client.Log.Expect("do not sign their own answer");
        await Assert.ThrowsAsync<ProviderUnavailableException>(client.PrepayAsync);
    }
}
