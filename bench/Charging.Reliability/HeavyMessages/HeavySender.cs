using Charging.Reliability.BadInput;
using MQTTnet.Protocol;

namespace Charging.Reliability.HeavyMessages;

/// <summary>The pile that sends heavy messages.</summary>
/// <param name="port">Of the broker.</param>
/// <param name="device">The pile.</param>
/// <param name="secret">Its secret.</param>
internal sealed class HeavySender(int port, string device, string secret) : IAsyncDisposable
{
    private RawSender? _sender;

    /// <summary>How often the broker has hung up on it.</summary>
    public int Cuts { get; private set; }

    /// <summary>Sends a message, over a new connection when there is none.</summary>
    public async Task SendAsync(HeavyMessage message)
    {
        if (message.Topic is null)
        {
            await DisposeAsync();
            await using var dying = await ConnectAsync(message.Payload);
            return;
        }
        if (_sender is { IsConnected: false })
        {
            Cuts++;
            await DisposeAsync();
        }
        _sender ??= await ConnectAsync();
        await _sender.SendAsync(message.Topic, message.Payload);
    }

    /// <summary>Drops its connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_sender is not null)
            await _sender.DisposeAsync();
        _sender = null;
    }

    private Task<RawSender> ConnectAsync(byte[]? will = null) =>
        RawSender.ConnectAsync(port, device, secret, MqttQualityOfServiceLevel.AtMostOnce, will);
}
