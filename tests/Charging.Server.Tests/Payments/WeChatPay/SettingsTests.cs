using System.Security.Cryptography;
using Charging.Server.Calls;
using Charging.Server.Payments.WeChatPay;
using Charging.Testing;
using Charging.Testing.WeChatPay;
using Xunit;

namespace Charging.Server.Tests.Payments.WeChatPay;

/// <summary>Settings that are missing or make no sense stop the start, and no key is ever said.</summary>
public sealed class SettingsTests
{
    private const string Pay = "--Charging:Payment:WeChatPay:";

    [Theory]
    [InlineData("AppId=", "Charging:Payment:WeChatPay:AppId")]
    [InlineData("MchId=", "Charging:Payment:WeChatPay:MchId")]
    [InlineData("MchId=mch", "Charging:Payment:WeChatPay:MchId")]
    [InlineData("NotifyUrl=", "Charging:Payment:WeChatPay:NotifyUrl")]
    [InlineData("NotifyUrl=http://charging.example.com", "Charging:Payment:WeChatPay:NotifyUrl")]
    [InlineData("NotifyUrl=https://charging.example.com?a=1", "Charging:Payment:WeChatPay:NotifyUrl")]
    [InlineData("MerchantSerial=", "Charging:Payment:WeChatPay:MerchantSerial")]
    [InlineData("MerchantSerial=no hex", "Charging:Payment:WeChatPay:MerchantSerial")]
    [InlineData("BaseUrl=http://api.mch.weixin.qq.com", "Charging:Payment:WeChatPay:BaseUrl")]
    [InlineData("MerchantKeyFile=", "Charging:Payment:WeChatPay:MerchantKey is not set")]
    [InlineData("MerchantKeyFile=/nowhere/apiclient_key.pem", "Charging:Payment:WeChatPay:MerchantKeyFile")]
    [InlineData("MerchantKey=both", "Charging:Payment:WeChatPay:MerchantKey and")]
    [InlineData("ApiV3KeyFile=", "Charging:Payment:WeChatPay:ApiV3Key is not set")]
    [InlineData("PublicKeyId=PUB_KEY_ID_1", "Charging:Payment:WeChatPay:PublicKey is not set")]
    [InlineData("PublicKeyFile=pub_key.pem", "Charging:Payment:WeChatPay:PublicKeyId")]
    [InlineData("Timeout=00:01:00", "Charging:Payment:WeChatPay:Timeout")]
    public async Task A_wrong_setting_is_named(string setting, string name)
    {
        await using var wechat = await WeChatPayDouble.StartAsync();
        var complaint = Assert.Throws<StartupException>(() => Build([.. wechat.Settings, Pay + setting]));
        Assert.Contains(name, complaint.Message);
    }

    [Fact]
    public async Task The_id_of_a_public_key_begins_with_PUB_KEY_ID_and_its_file_holds_one()
    {
        await using var wechat = await WeChatPayDouble.StartAsync(mode: SigningMode.PublicKey);
        Assert.Contains("PublicKeyId", Assert.Throws<StartupException>(() => Build([.. wechat.Settings, $"{Pay}PublicKeyId=1"])).Message);
        Assert.Contains("PublicKeyFile", Assert.Throws<StartupException>(() => Build([.. wechat.Settings, $"{Pay}PublicKeyFile=/nowhere"])).Message);
        var noKey = Path.GetTempFileName();
        Assert.Contains("PublicKey or its file", Assert.Throws<StartupException>(() => Build([.. wechat.Settings, $"{Pay}PublicKeyFile={noKey}"])).Message);
        File.Delete(noKey);
    }

    [Fact]
    public async Task A_key_may_be_text_and_must_be_of_its_kind()
    {
        await using var wechat = await WeChatPayDouble.StartAsync();
        using var rsa = RSA.Create();
        rsa.ImportFromPem(wechat.Merchant.PrivateKeyPem);
        string[] text = [.. wechat.Settings, $"{Pay}MerchantKeyFile=", $"{Pay}ApiV3KeyFile="];
        var apiV3 = $"{Pay}ApiV3Key={wechat.Merchant.ApiV3Key}";
        Build([.. text, apiV3, $"{Pay}MerchantKey={rsa.ExportRSAPrivateKeyPem()}"]);
        var complaint = Assert.Throws<StartupException>(() => Build([.. text, apiV3, $"{Pay}MerchantKey={rsa.ExportSubjectPublicKeyInfoPem()}"]));
        Assert.Contains("holds no RSA private key", complaint.Message);
        complaint = Assert.Throws<StartupException>(() => Build([.. text, $"{Pay}ApiV3Key=secret-but-too-short", $"{Pay}MerchantKey={wechat.Merchant.PrivateKeyPem}"]));
        Assert.Contains("32 characters", complaint.Message);
        Assert.DoesNotContain("secret-but-too-short", complaint.ToString());
        Assert.DoesNotContain("secret", new WeChatPayOptions { ApiV3Key = "secret", MerchantKey = "secret" }.ToString());
    }

    [Fact]
    public async Task Nothing_that_is_logged_on_the_way_of_a_payment_holds_a_key_or_a_signature()
    {
        await using var client = await WeChatPayClient.OpenAsync(SigningMode.Both);
        await client.PaidAsync();
        await client.QueryAsync();
        client.Log.Expect("is not to be trusted");
        client.WeChat.Faults.Answers = Lie.BadSignature;
        await Assert.ThrowsAsync<Server.Payments.UntrustedAnswerException>(client.QueryAsync);
        var merchant = client.WeChat.Merchant;
        var inner = merchant.PrivateKeyPem.Split('\n')[1];
        Assert.All(client.Log.Records, record =>
        {
            Assert.DoesNotContain(merchant.ApiV3Key, record.ToString());
            Assert.DoesNotContain(inner, record.ToString());
            Assert.DoesNotContain("signature=", record.ToString());
        });
    }

    private static void Build(string[] settings)
    {
        var directory = Directory.CreateTempSubdirectory("charging-");
        try
        {
            Program.Build(["--environment=Production", "--Charging:Sms:Provider=Console", $"--Charging:DataDirectory={directory.FullName}", .. settings])
                .DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
