using System.Security.Cryptography;

namespace Charging.Server.Payments.WeChatPay;

/// <summary>
/// An RSA key, as SHA256 with PKCS #1 padding uses it. An <see cref="RSA"/> is not promised to be safe for threads, so each
/// use makes its own; that is a small part of the signature.
/// </summary>
internal sealed class RsaKey(RSAParameters parameters)
{
    private const int LeastBits = 2048;

    /// <summary>Reads a key in PEM.</summary>
    /// <returns>Null when there is none, it is too short, or a private one is wanted and it is not.</returns>
    public static RsaKey? Parse(string pem, bool isPrivate)
    {
        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return rsa.KeySize < LeastBits ? null : new RsaKey(rsa.ExportParameters(isPrivate));
        }
        catch (Exception fault) when (fault is ArgumentException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Signs with a private key.</summary>
    /// <returns>The signature, base64.</returns>
    public string Sign(ReadOnlySpan<byte> message)
    {
        using var rsa = RSA.Create(parameters);
        return Convert.ToBase64String(rsa.SignData(message, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    /// <summary>Whether a signature in base64 is this key's. Whatever is no base64 is not.</summary>
    public bool Verifies(ReadOnlySpan<byte> message, string signature)
    {
        var bytes = new byte[signature.Length];
        if (!Convert.TryFromBase64String(signature, bytes, out var length))
            return false;
        using var rsa = RSA.Create(parameters);
        return rsa.VerifyData(message, bytes.AsSpan(0, length), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }
}
