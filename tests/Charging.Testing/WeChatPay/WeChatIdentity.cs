using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Charging.Testing.WeChatPay;

/// <summary>
/// A key with which WeChat Pay signs, and the name under which it does: the serial number of a certificate, or a public key's id.
/// Written from the vendor's description and without the server's code, so that a mistake there is not made here again.
/// </summary>
internal sealed class WeChatIdentity
{
    private readonly RSA _key;

    private WeChatIdentity(string? publicKeyId, DateTimeOffset now, int key)
    {
        _key = TestKeys.Take(key);
        var request = new CertificateRequest("CN=Tenpay.com sign", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(5));
        Serial = publicKeyId ?? certificate.SerialNumber;
        CertificatePem = certificate.ExportCertificatePem();
        ExpiresAt = certificate.NotAfter;
    }

    /// <summary>Its name in `Wechatpay-Serial`.</summary>
    public string Serial { get; }

    /// <summary>Its certificate.</summary>
    public string CertificatePem { get; }

    /// <summary>When the certificate runs out.</summary>
    public DateTimeOffset ExpiresAt { get; }

    /// <summary>Its public key.</summary>
    public string PublicKeyPem => _key.ExportSubjectPublicKeyInfoPem();

    /// <summary>A new platform certificate.</summary>
    /// <param name="now">The time.</param>
    /// <param name="number">Which one, from 0.</param>
    public static WeChatIdentity NewCertificate(DateTimeOffset now, int number) => new(null, now, TestKeys.Certificates + number);

    /// <summary>Somebody who is not WeChat Pay.</summary>
    public static WeChatIdentity Nobody(DateTimeOffset now) => new(null, now, TestKeys.Nobody);

    /// <summary>A new public key with an id.</summary>
    public static WeChatIdentity NewPublicKey(DateTimeOffset now) =>
        new($"PUB_KEY_ID_01{RandomNumberGenerator.GetInt32(int.MaxValue).ToString("D20", CultureInfo.InvariantCulture)}", now, TestKeys.PublicKey);

    /// <summary>Signs an answer or a callback.</summary>
    public string Sign(string timestamp, string nonce, string body)
    {
        lock (_key)
            return Convert.ToBase64String(_key.SignData(Encoding.UTF8.GetBytes($"{timestamp}\n{nonce}\n{body}\n"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    /// <summary>Seals something with the APIv3 key: cipher text and tag of 16 bytes, base64.</summary>
    public static object Seal(string apiV3Key, string content, string associatedData, string? originalType = null)
    {
        var nonce = RandomNumberGenerator.GetHexString(12, lowercase: true);
        var plain = Encoding.UTF8.GetBytes(content);
        var (cipher, tag) = (new byte[plain.Length], new byte[16]);
        using var aes = new AesGcm(Encoding.ASCII.GetBytes(apiV3Key), tag.Length);
        aes.Encrypt(Encoding.ASCII.GetBytes(nonce), plain, cipher, tag, Encoding.UTF8.GetBytes(associatedData));
        byte[] sealedBytes = [.. cipher, .. tag];
        var ciphertext = Convert.ToBase64String(sealedBytes);
        return originalType is null
            ? new { algorithm = "AEAD_AES_256_GCM", nonce, associated_data = associatedData, ciphertext }
            : new { algorithm = "AEAD_AES_256_GCM", nonce, associated_data = associatedData, ciphertext, original_type = originalType };
    }
}
