using System.Text;
using Charging.Server.Payments.WeChatPay;
using Xunit;

namespace Charging.Server.Tests.Payments.WeChatPay;

/// <summary>
/// Signatures and sealed content against the values that the vendor has published: the test key and the two signatures of its
/// pages on signing a request and a payment in the mini-program, the answer of its page on verifying, and the sealed text of
/// its Go library.
/// </summary>
public sealed class SignatureTests
{
    private const string Timestamp = "1554208460";
    private const string Nonce = "593BEC0C930BF1AFEB40B4A08C8FB242";

    // The vendor's published test key, PKCS #8. It opens nothing.
    private const string TestKey =
        "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCm2mb6q8gMKH/3CNTbpJAIrbqiBiQGEOtjGcBrDYltsGynWgNscqT7WvfzU14FQbYcQUC5T4Wvva7m"
        + "i3fIp3OgX8VqMDNA0qebnr38Pe6kqiLyZgFpJPXlSKDyPyqhRbVTbXssvSMQeVKcdXeVxoNNeoOlNFHgF/P0io6AmAVnz+hN8SiZKuOsth5/zUTLGvtkgxBcQooQrtXh"
        + "RcpLT798OyIb9xeJ2HO3xRtMv2+perEzb4gMibI74UBz+2QEbnkubPE+2jU2rRZudnNEz/BPOt3Qj/w2V6/G0VumGDh6+UeMU0jv4aupHztWITC4Akn0l7lBCNy3lgl8"
        + "VFaJnkIxAgMBAAECggEAYGL8aESB7NwciDWW2UdoWUsa7GxFtSdjAz2mFXGdeTsYmVh7b9OOkRGM+Qio4LqEHDBp1mMk5E/cUJwy1zw8pGGO5nfvs7u9TT3XnHaefIs4"
        + "YvUgTYAneIuLRkXNN5rQU+CD7mVYczTSz0Vgjqo9wa1LjUz7G0xbBmJgTdMEFGJseJjy6AbJo0CGIwp6HJbTm4CmOUgXnnDAIbEGTIRImkZFH/rzneIeR7oZ77FVwxr1"
        + "CZB2gfRCov/yRPbw8vnryYkmvQ7D/ze3j5097vRg/MoDGBSdoOwcmo75vyofr0ASzytMjmHYyifqkf5slPropSiJeGf4p/7gtKyF6dE/XQKBgQDVAlJ+4U5ZVGOuDc3+"
        + "sAhz8CTzgFNlq9vKuSoFK6hOz2L+cwj+E7NXGkOe2DsHHZNy2Xqxk7caKhPEp1z9hhpMpyLVMoFt6CKemyoRBWDCQwLLwem9SZF/IAyovBkLiH36P42Jm26gUkNMKC/5"
        + "Zhtqxf6RZgRQzbVudJi47vIRCwKBgQDIh0+v27Oo+DM3fhObH4I1NrXpWOEGH7OQG1dEsMuFYF4hjGhg0kBEP3w9vVdl2+mRllZKTsx9oqjb8OibPLLIH8xsdbAB0WLf"
        + "JvjLu4wl/ILUzN1RI03dWnnv2EnEeQn6c3hizvrJ9wR5U4ue9RPVnQooJ0hZF1PUuCL5fWK3MwKBgElReU/PAYbh80WP3t3Rfbdaa32dKBeQ5iCLR5lsA4zM+YgX1HqQ"
        + "EWTj126vgvHaDkyz6vWAoL/Sx+cirHFfXWIRDX5Q2hgYlQH+6qXdMgbrxeSYpHnQ/tHBGFpkFELSAnrGsVMyOwvYBO4LzyeLK9i+ufcWJFoj1FVmsMLHDG8tAoGARdbi"
        + "iQQCoYG4DMarO2aQ6cmhN6EN1h0qY7EyBqlwaIZ0okiNfdMcMOjPc41DKCWcRmlOqlihXcxN9TQFPzO3rH1urAOdBjUPs1qWYhZyrDQyuLyVBBJApyxAtajloDjrob+f"
        + "mQIvVDHk7ACN6xG+E7K6+9salnTKbJapD618uQMCgYBNy6XUvzLkP/A1U/UZdtcxl8GwU/dturLxz4CyGbqDw4ubaYY2e13lnqHUqQgPtiSyH51nq3tdo8G0YAJdfkSv"
        + "KvnfslW91fyEBUKnkdW1o3/1UFU/wprZ7ixVL/F42A4xDu7OFE8EnweJOZ0jWceEOdhCkaIGBCfRnlECRK8UyQ==";

    // The public key of its page on verifying.
    private const string PlatformKey =
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwXNI6sdlknHBnK8Fu2U6Cwor9qY747jP8KAfeBMeveEt1TqaHkLfaSD07trZLhGpfs8/AHqjhgSMO1O10YQW"
        + "OrrJ4hjIWPKqxbgrYMkBQc+mwdiWp4W3ByCqxBRagCveCXRWCmuJYovl9H/bsDI0iGbpVtEOghJtfciisYSgxcLufUDTRkvwxjIBK1pCRjk33jJ5YTBWTHMRtMAOcFLN"
        + "F6hdEYdX8SPsgHHeLZ5Lv2T/686w1xtgCHef/sd4uSfWmyzsalQdHG/e4IyYmrhx+O3VBoNDzE3nx23bFeV/RVNCG7cV6VhmYokJNHa/erIPkEmEFID6A5wQOXuxUkmJ"
        + "WwIDAQAB";

    private static RsaKey Merchant => RsaKey.Parse($"-----BEGIN PRIVATE KEY-----\n{TestKey}\n-----END PRIVATE KEY-----", isPrivate: true)!;

    [Fact]
    public void A_request_is_signed_as_the_vendor_signs_its_example()
    {
        const string Body =
            """{"appid":"wxd678efh567hg6787","mchid":"1900007291","description":"Image形象店-深圳腾大-QQ公仔",""" + "\"out_trade_no\":\"1217752501201407033233368018\","
            + "\"notify_url\":\"https://www.weixin.qq.com/wxpay/pay.php\"" + ""","amount":{"total":100,"currency":"CNY"},"payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}""";
        Assert.Equal(
            "jnks4dlrPw3ZX+ozVvSK39oa0t7OMBsg83BHAwd8BRdUFiVaQNTLTvci+wURgP1OQBbKYhFGvt7iqYpDSTQkp7Uq1sltaQKyncCyrA1g88m5bsKERQfPyT0ahSwKTYJ1CAn9Qi"
            + "JuSJRq1QsQs07eehbU/k9BCS51jTyc1Jpsi2H77HF9f/BnjXAOP3/sPObg6V5Ee4EzwLox684hhuMuIwHo7D8KFk3LIHOKDcNI4It1aCXydFWNpNK+SG86VUDe5kwoDpw4Ulqf"
            + "u9z8OFDGbDs9TCxEv8iqQzbpxOlEVoOe2kalSYM5kApQb3nZcxdUtoE0liJGW3RGUNE0t4v01A==",
            Merchant.Sign(Signatures.OfRequest("POST", "/v3/pay/transactions/jsapi", Timestamp, Nonce, Encoding.UTF8.GetBytes(Body))));
    }

    [Fact]
    public void A_payment_is_signed_as_the_vendor_signs_its_example() => Assert.Equal(
        "mI35pfNEQV6777ke/1T+LJLQDNTm7yeoUJH+j/adPGhmCCi0PbgkvYQTRcXH0uibcLVtvFLdGLpmoYO9FV6lBBsTAjuhh5YOvQi0e2g3e0yytitiNET9FEuqM0pjnKfRW4K6LIZDdb"
        + "WJv9KhZUx3DrJa5TL7OJ7VdADVivxVySIlPVKjGwuCXzuXSJes0UcILgWQUMyha5/3nYofuHtS7r+KYyMuxD+oJ9VM1Qdxk4UIG59CP5Y3wtYIFybyF3bdu1caHTRRX+DLyMXyYA/I"
        + "rTmiW01c4RPjpHBX5Dk1sZyY1zVsWNsvMHr2e1NTWtBxKJ+qk5N61J7caYoepHFaxw==",
        Merchant.Sign(Signatures.OfPayment("wx2421b1c4370ec43b", Timestamp, Nonce, "prepay_id=wx201410272009395522657a690389285100")));

    [Theory]
    [InlineData("""{"code_url":"weixin://wxpay/bizpayurl?pr=JyC91EIz1"}""", true)]
    [InlineData("""{"code_url":"weixin://wxpay/bizpayurl?pr=JyC91EIz2"}""", false)]
    [InlineData("""{"code_url": "weixin://wxpay/bizpayurl?pr=JyC91EIz1"}""", false)]
    public void The_answer_of_the_vendors_example_is_verified_byte_for_byte(string body, bool isGood)
    {
        var key = RsaKey.Parse($"-----BEGIN PUBLIC KEY-----\n{PlatformKey}\n-----END PUBLIC KEY-----", isPrivate: false)!;
        const string Signature =
            "mfI1CPqvBrgcXfgXMFjdNIhBf27ACE2YyeWsWV9ZI7T7RU0vHvbQpu9Z32ogzc+k8ZC5n3kz7h70eWKjgqNdKQF0eRp8mVKlmfzMLBVHbssB9jEZEDXThOX1XFqX7s7ymia1ho"
            + "HQxQagPGzkdWxtlZPZ4ZPvr1RiqkgAu6Is8MZgXXrRoBKqjmSdrP1N7uxzJ/cjfSiis9FiLjuADoqmQ1P7p2N876YPAol7Rn0+GswwAwxldbdLrmVSjfytfSBJFqTMHn4itojg"
            + "xSWWN1byuckQt8hSTEv/Lg97QoeGniYP17T80pJeQyL3b+295FPHSO2AtvCgyIbKMZ0BALilAA==";
        Assert.Equal(isGood, key.Verifies(Signatures.OfAnswer("1722850421", "d824f2e086d3c1df967785d13fcd22ef", Encoding.UTF8.GetBytes(body)), Signature));
        Assert.False(key.Verifies(Signatures.OfAnswer("1722850421", "d824f2e086d3c1df967785d13fcd22ef", Encoding.UTF8.GetBytes(body)), "no base64!"));
    }

    [Theory]
    [InlineData("testAPIv3Key0000", "wCq51qZv4Yfg", "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8", "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC", true)]
    [InlineData("testAPIv3Key1111", "wCq51qZv4Yfg", "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8", "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC", false)]
    [InlineData("testAPIv3Key0000", "wCq51qZv4Yff", "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8", "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC", false)]
    [InlineData("testAPIv3Key0000", "wCq51qZv4Yfg", "", "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC", false)]
    [InlineData("testAPIv3Key0000", "wCq51qZv4Yfg", "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8", "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROD", false)]
    [InlineData("testAPIv3Key0000", "wCq51qZv4Yfg", "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8", "SGVsbG8gV29ybGQK", false)]
    [InlineData("testAPIv3Key0000", "short", "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8", "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC", false)]
    [InlineData("testAPIv3Key0000", "wCq51qZv4Yfg", "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8", "no base64!", false)]
    public void What_the_vendor_has_sealed_is_opened_with_the_right_key_nonce_and_associated_data_alone(
        string key, string nonce, string associatedData, string ciphertext, bool isGood)
    {
        var resource = new SealedResource { Algorithm = "AEAD_AES_256_GCM", Nonce = nonce, AssociatedData = associatedData, Ciphertext = ciphertext };
        Assert.Equal(isGood ? "Hello World" : null, resource.Open(Encoding.UTF8.GetBytes(key)) is { } content ? Encoding.UTF8.GetString(content) : null);
        Assert.Null((resource with { Algorithm = "AEAD_SM4_GCM" }).Open(Encoding.UTF8.GetBytes(key)));
    }
}
