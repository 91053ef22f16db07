using System.Net;
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
        var (authority, certificate) = TestAuthority.Make(_folder);
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
}

file static class HttpExtensions
{
    public static async Task<string> GetStringOrErrorAsync(this HttpClient http, string path) => await (await http.GetAsync(path)).Content.ReadAsStringAsync();
}
