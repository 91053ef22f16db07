using System.Security.Cryptography;
using System.Text;

namespace Charging.Server.Payments.WeChatPay;

/// <summary>What WeChat Pay seals with the APIv3 key (AES-256-GCM): a callback's content, a platform certificate.</summary>
internal sealed record SealedResource
{
    private const string TheAlgorithm = "AEAD_AES_256_GCM";
    private const int TagBytes = 16;
    private const int NonceBytes = 12;

    /// <summary>Always `AEAD_AES_256_GCM`.</summary>
    public string? Algorithm { get; init; }

    /// <summary>Base64: the cipher text, and behind it the tag of 16 bytes.</summary>
    public string? Ciphertext { get; init; }

    /// <summary>The nonce, 12 characters.</summary>
    public string? Nonce { get; init; }

    /// <summary>What is authenticated beside the content; may be missing.</summary>
    public string? AssociatedData { get; init; }

    /// <summary>What was sealed in a callback: `transaction` or `refund`.</summary>
    public string? OriginalType { get; init; }

    /// <summary>Opens it.</summary>
    /// <returns>The content; null when it was not sealed with this key, or was changed since.</returns>
    public byte[]? Open(byte[] key)
    {
        if (Algorithm != TheAlgorithm || Ciphertext is null || Nonce is null || Encoding.UTF8.GetByteCount(Nonce) != NonceBytes)
            return null;
        var all = new byte[Ciphertext.Length];
        if (!Convert.TryFromBase64String(Ciphertext, all, out var length) || length < TagBytes)
            return null;
        var content = new byte[length - TagBytes];
        try
        {
            using var aes = new AesGcm(key, TagBytes);
            aes.Decrypt(
                Encoding.UTF8.GetBytes(Nonce), all.AsSpan(0, content.Length), all.AsSpan(content.Length, TagBytes), content,
                Encoding.UTF8.GetBytes(AssociatedData ?? ""));
            return content;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
