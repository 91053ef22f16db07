using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Calls;

/// <summary>Where there is TLS, browsers are told to come back by it.</summary>
public sealed class TransportSecurityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("charging-tls-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("/")]
    [InlineData("/docs")]
    [InlineData("/ops/v1/piles")]
    [InlineData("/wechat/smallapplet/getBalance")]
    [InlineData("/nothing")]
    public async Task An_answer_over_TLS_says_so_and_one_without_does_not(string path)
    {
        var (_, certificate) = TestAuthority.Make(_folder);
        var port = FixedPort.Take();
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions
        {
            Settings =
            [
                $"--Kestrel:Endpoints:Http:Url=https://127.0.0.1:{port}",
                $"--Kestrel:Endpoints:Http:Certificate:Path={certificate}", $"--Kestrel:Endpoints:Http:Certificate:KeyPath={certificate}",
            ],
        });
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
        using var answer = await http.GetAsync($"https://127.0.0.1:{port}{path}");
        Assert.Equal(["max-age=31536000"], answer.Headers.GetValues("Strict-Transport-Security"));

        await using var plain = await ChargingApp.StartAsync();
        using var other = await plain.Http.GetAsync(path);
        Assert.False(other.Headers.Contains("Strict-Transport-Security"));
    }
}
