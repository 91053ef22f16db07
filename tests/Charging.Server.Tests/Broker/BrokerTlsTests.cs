using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Broker;

/// <summary>A node and its broker over TLS, with an authority of their own.</summary>
public sealed class BrokerTlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("charging-tls-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_broker_is_believed_when_its_authority_is_named_and_not_otherwise()
    {
        var (authority, certificate) = Make();
        await using var broker = await MosquittoServer.StartAsync(certificate);
        var settings = broker.SettingsAt($"mqtts://localhost:{broker.NodePort}");
        await using var trusting = await StartAsync([.. settings, $"--Charging:Mqtt:CaFile={authority}"]);
        await using var doubting = await StartAsync(settings);

        await Retry.Until("the node that knows the authority is ready", async () => (await trusting.Http.GetAsync("/readyz")).IsSuccessStatusCode);
        await Retry.Until("the other says why it is not", async () => (await doubting.Http.GetStringOrErrorAsync("/readyz")).Contains("certificate"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await doubting.Http.GetAsync("/readyz")).StatusCode);
    }

    private static Task<ChargingApp> StartAsync(IReadOnlyList<string> settings) =>
        ChargingApp.StartAsync(new ChargingAppOptions { HasNoBroker = true, Settings = settings });

    private (string Authority, string Certificate) Make()
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
        return (Write("ca.pem", signer.ExportCertificatePem()), Write("tls.pem", signed.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem()));
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text + "\n");
        return path;
    }
}

file static class HttpExtensions
{
    public static async Task<string> GetStringOrErrorAsync(this HttpClient http, string path) => await (await http.GetAsync(path)).Content.ReadAsStringAsync();
}
