using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Charging.Testing;

/// <summary>An authority that no machine trusts, and what it signs for `localhost`.</summary>
public static class TestAuthority
{
    /// <summary>Writes both to a folder.</summary>
    /// <returns>PEM files: the authority's certificate; and the certificate of `localhost` with its key.</returns>
    public static (string Authority, string Certificate) Make(string folder)
    {
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=Test authority", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var signer = authority.CreateSelfSigned(from, until);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(signer, from, until, [1, 2, 3, 4]);
        return (Write(folder, "ca.pem", signer.ExportCertificatePem()),
            Write(folder, "tls.pem", signed.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem()));
    }

    private static string Write(string folder, string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text + "\n");
        return path;
    }
}
