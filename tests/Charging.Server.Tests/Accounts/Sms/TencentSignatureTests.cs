using System.Security.Cryptography;
using System.Text;
using Charging.Server.Accounts.Sms;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Accounts.Sms;

/// <summary>
/// The signature of the vendor's own worked example (DescribeInstances of cvm), in both editions of their page: the international one
/// signs two headers with the key …EXAMPLE, the Chinese one three with a key of 32 asterisks.
/// </summary>
public sealed class TencentSignatureTests
{
    private const string Scope = "2019-02-25/cvm/tc3_request";
    private const string Asterisks = "********************************";
    private static readonly DateTimeOffset Time = DateTimeOffset.FromUnixTimeSeconds(1551113065);
    private static readonly (string, string)[] TwoHeaders = [("content-type", "application/json; charset=utf-8"), ("host", "cvm.tencentcloudapi.com")];
    private static readonly (string, string)[] ThreeHeaders = [.. TwoHeaders, ("x-tc-action", "DescribeInstances")];
    private static readonly byte[] Body = """{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"""u8.ToArray();

    [Fact]
    public void The_canonical_request_is_the_published_one()
    {
        Assert.Equal(
            "POST\n/\n\ncontent-type:application/json; charset=utf-8\nhost:cvm.tencentcloudapi.com\n\ncontent-type;host\n"
            + "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064",
            TencentSignature.CanonicalRequest(TwoHeaders, Body));
        Assert.Equal("5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031", Sha256(TencentSignature.CanonicalRequest(TwoHeaders, Body)));
        Assert.Equal("7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84", Sha256(TencentSignature.CanonicalRequest(ThreeHeaders, Body)));
    }

    [Fact]
    public void The_string_to_sign_is_the_published_one() => Assert.Equal(
        "TC3-HMAC-SHA256\n1551113065\n2019-02-25/cvm/tc3_request\n5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031",
        TencentSignature.StringToSign(TencentSignature.CanonicalRequest(TwoHeaders, Body), Scope, Time));

    [Fact]
    public void The_signature_is_the_published_one()
    {
        Assert.Equal(
            "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, "
            + "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
            new TencentSignature("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE").Authorize("cvm", TwoHeaders, Body, Time));
        Assert.Equal(
            $"TC3-HMAC-SHA256 Credential=AKID{Asterisks}/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host;x-tc-action, "
            + "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
            new TencentSignature($"AKID{Asterisks}", Asterisks).Authorize("cvm", ThreeHeaders, Body, Time));
    }

    [Fact]
    public void The_day_is_that_of_utc_wherever_the_clock_is()
    {
        var signature = new TencentSignature("id", "key");
        var inShanghai = Time.ToOffset(TimeSpan.FromHours(8));
        Assert.Equal(26, inShanghai.Day);
        Assert.Equal(signature.Authorize("cvm", TwoHeaders, Body, Time), signature.Authorize("cvm", TwoHeaders, Body, inShanghai));
    }

    [Fact]
    public void The_double_computes_the_published_signature_too() => Assert.Equal(
        "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
        TencentSmsDouble.Signature(
            Asterisks, Scope, "1551113065", "content-type:application/json; charset=utf-8\nhost:cvm.tencentcloudapi.com\nx-tc-action:describeinstances\n",
            "content-type;host;x-tc-action", Body));

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
