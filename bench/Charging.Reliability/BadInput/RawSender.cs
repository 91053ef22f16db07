using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Charging.Reliability.BadInput;

/// <summary>An authenticated pile that sends any bytes and reads nothing.</summary>
internal sealed class RawSender : IAsyncDisposable
{
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly string _device;

    private RawSender(string device) => _device = device;

    public bool IsConnected => _client.IsConnected;

    public static async Task<RawSender> ConnectAsync(int port, string device, string secret)
    {
        var sender = new RawSender(device);
        await sender._client.ConnectAsync(new MqttClientOptionsBuilder()
            .WithTcpServer("127.0.0.1", port)
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithClientId(device).WithCredentials(device, secret)
            .Build());
        await sender._client.SubscribeAsync($"piles/{device}/commands", MqttQualityOfServiceLevel.AtLeastOnce);
        return sender;
    }

    /// <summary>Sends bytes on one of the pile's topics; done when the broker has taken them, or has hung up.</summary>
    public async Task SendAsync(string topic, byte[] payload)
    {
        try
        {
            await _client.PublishAsync(new MqttApplicationMessage
            {
                Topic = $"piles/{_device}/{topic}",
                PayloadSegment = payload,
                QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            });
        }
        catch (MQTTnet.Exceptions.MqttCommunicationException)
        {
            // The caller looks whether the connection is open.
        }
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
