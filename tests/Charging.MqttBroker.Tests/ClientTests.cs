using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Google.Protobuf;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Charging.MqttBroker.Tests;

/// <summary>Clients that others wrote, and TLS.</summary>
public sealed class ClientTests
{
    [Fact]
    public async Task Mosquitto_clients_connect_publish_and_hear_a_command()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        string[] identity = ["-h", "127.0.0.1", "-p", $"{broker.Port}", "-V", "311", "-i", $"{device}", "-u", $"{device}", "-P", TestListener.Secret];
        var published = await RunAsync("mosquitto_pub", [.. identity, "-q", "1", "-t", device.StatusTopic(), "-m", Encoding.UTF8.GetString(Piles.Status().Json())]);
        Assert.Equal(0, published.ExitCode);
        Assert.Equal(Piles.Status(), Assert.Single(broker.Listener.Statuses).Status);
        await Until.True("the publisher has left", () => broker.Listener.Disconnections.Count == 1);

        var listening = RunAsync("mosquitto_sub", [.. identity, "-q", "1", "-t", device.CommandsTopic(), "-C", "1", "-W", "20"]);
        await Until.True("the subscriber is there", () => broker.Listener.Connections.Count == 2);
        Assert.True(await broker.Send(device, Piles.SetTime()));

        Assert.Equal("""{ "commandId": "command-1", "setTime": { "now": "1970-01-01T00:00:00Z" } }""", (await listening).Output.Trim());
    }

    [Fact]
    public async Task Mosquitto_clients_are_told_why_they_are_refused()
    {
        await using var broker = await BrokerUnderTest.StartAsync();

        var refused = await RunAsync("mosquitto_pub", ["-h", "127.0.0.1", "-p", $"{broker.Port}", "-i", "014441AC53", "-u", "014441AC53", "-P", "guess", "-t", "a", "-m", "b"]);

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("bad user name or password", refused.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task An_MQTTnet_client_talks_to_it_over_TLS_by_configuration_alone()
    {
        var folder = Directory.CreateTempSubdirectory("charging-tls-");
        try
        {
            var (certificate, key) = WriteCertificate(folder.FullName);
            await using var broker = await BrokerUnderTest.StartAsync(
                ("Kestrel:Endpoints:Mqtt:Url", "https://127.0.0.1:0"),
                ("Kestrel:Endpoints:Mqtt:Certificate:Path", certificate),
                ("Kestrel:Endpoints:Mqtt:Certificate:KeyPath", key));
            var device = Piles.Any();
            using var client = new MqttClientFactory().CreateMqttClient();
            var heard = new TaskCompletionSource<byte[]>();
            client.ApplicationMessageReceivedAsync += message =>
            {
                heard.TrySetResult(message.ApplicationMessage.Payload.FirstSpan.ToArray());
                return Task.CompletedTask;
            };

            await client.ConnectAsync(new MqttClientOptionsBuilder()
                .WithTcpServer("127.0.0.1", broker.Port)
                .WithProtocolVersion(MqttProtocolVersion.V311)
                .WithClientId($"{device}")
                .WithCredentials($"{device}", TestListener.Secret)
                .WithTlsOptions(tls => tls.UseTls().WithCertificateValidationHandler(_ => true))
                .Build());
            await client.SubscribeAsync(device.CommandsTopic(), MqttQualityOfServiceLevel.AtLeastOnce);
            await client.PublishBinaryAsync(device.StatusTopic(), Piles.Status().ToByteArray(), MqttQualityOfServiceLevel.AtLeastOnce);
            Assert.True(await broker.Send(device, Piles.SetTime()));

            Assert.Equal(Piles.SetTime(), Device.V1.Command.Parser.ParseFrom(await Until.Done("the command", heard.Task)));
            Assert.Single(broker.Listener.Statuses);
            await client.DisconnectAsync();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_TLS_handshake_that_never_comes_is_cut_in_time()
    {
        var folder = Directory.CreateTempSubdirectory("charging-tls-");
        try
        {
            var (certificate, key) = WriteCertificate(folder.FullName);
            await using var broker = await BrokerUnderTest.StartAsync(
                ("Kestrel:Endpoints:Mqtt:Url", "https://127.0.0.1:0"),
                ("Kestrel:Endpoints:Mqtt:Certificate:Path", certificate),
                ("Kestrel:Endpoints:Mqtt:Certificate:KeyPath", key),
                ("Charging:Mqtt:ConnectTimeoutSeconds", "1"));
            await using var silent = await RawClient.OpenAsync(broker.Port);

            await silent.ReadToEndAsync();

            Assert.Equal(1, broker.Count("cut:connect_timeout"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }

    private static (string Certificate, string Key) WriteCertificate(string folder)
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var (path, key) = (Path.Combine(folder, "pile.pem"), Path.Combine(folder, "pile.key"));
        File.WriteAllText(path, certificate.ExportCertificatePem());
        File.WriteAllText(key, rsa.ExportPkcs8PrivateKeyPem());
        return (path, key);
    }
}
