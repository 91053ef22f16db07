using System.Text;
using Charging.Server.Calls;

namespace Charging.Server.Payments.WeChatPay;

/// <summary>The keys that an operator has given: the merchant's own, the APIv3 key, and WeChat Pay's public key where it is used.</summary>
internal sealed class MerchantKeys
{
    private const int ApiV3KeyBytes = 32;

    private MerchantKeys(RsaKey merchant, byte[] apiV3, RsaKey? platform) => (Merchant, ApiV3, Platform) = (merchant, apiV3, platform);

    /// <summary>Signs what goes to WeChat Pay.</summary>
    public RsaKey Merchant { get; }

    /// <summary>Opens what WeChat Pay has sealed: callbacks and platform certificates.</summary>
    public byte[] ApiV3 { get; }

    /// <summary>WeChat Pay's public key; null where there are platform certificates alone.</summary>
    public RsaKey? Platform { get; }

    /// <summary>Reads the keys.</summary>
    /// <exception cref="StartupException">A key is missing or is none. The sentence names the setting, and never what is in it.</exception>
    public static MerchantKeys Load(WeChatPayOptions options)
    {
        const string Merchant = "Charging:Payment:WeChatPay:MerchantKey";
        const string ApiV3 = "Charging:Payment:WeChatPay:ApiV3Key";
        const string Platform = "Charging:Payment:WeChatPay:PublicKey";
        const string MerchantPurpose = "the merchant's private key, apiclient_key.pem";
        const string ApiV3Purpose = "the APIv3 key that was set on the merchant platform";
        const string PlatformPurpose = "WeChat Pay's public key, pub_key.pem, from the merchant platform";
        var merchant = RsaKey.Parse(SecretSetting.ReadPem(options.MerchantKey, options.MerchantKeyFile, Merchant, MerchantPurpose), isPrivate: true)
            ?? throw new StartupException($"{Merchant} or its file holds no RSA private key of 2048 bits or more: give {MerchantPurpose}.");
        var apiV3 = Encoding.ASCII.GetBytes(SecretSetting.Read(options.ApiV3Key, options.ApiV3KeyFile, ApiV3, ApiV3Purpose));
        if (apiV3.Length != ApiV3KeyBytes)
            throw new StartupException($"{ApiV3} or its file holds no key of {ApiV3KeyBytes} characters: give {ApiV3Purpose}.");
        if (string.IsNullOrWhiteSpace(options.PublicKeyId))
            return new MerchantKeys(merchant, apiV3, null);
        var platform = RsaKey.Parse(SecretSetting.ReadPem(options.PublicKey, options.PublicKeyFile, Platform, PlatformPurpose), isPrivate: false)
            ?? throw new StartupException($"{Platform} or its file holds no RSA public key of 2048 bits or more: give {PlatformPurpose}.");
        return new MerchantKeys(merchant, apiV3, platform);
    }
}
