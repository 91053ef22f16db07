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

    /// <param name="port">Of the broker.</param>
    /// <param name="device">The pile.</param>
    /// <param name="secret">Its secret.</param>
    /// <param name="qos">How commands are sent to it: at least once, it acknowledges them.</param>
    /// <param name="will">What the broker is to publish as its status when the connection breaks.</param>
    public static async Task<RawSender> ConnectAsync(
        int port, string device, string secret, MqttQualityOfServiceLevel qos = MqttQualityOfServiceLevel.AtLeastOnce, byte[]? will = null)
    {
        var sender = new RawSender(device);
        var options = new MqttClientOptionsBuilder()
            .WithTcpServer("127.0.0.1", port)
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithClientId(device).WithCredentials(device, secret);
        if (will is not null)
            options.WithWillTopic($"piles/{device}/status").WithWillPayload(will).WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce);
        await sender._client.ConnectAsync(options.Build());
        await sender._client.SubscribeAsync($"piles/{device}/commands", qos);
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

    /// <summary>Drops the connection without DISCONNECT.</summary>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
