using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace Charging.MqttBroker;

/// <summary>One connection of this node to the external broker, and what it asks of the broker there.</summary>
/// <param name="client">MQTTnet's client, connected.</param>
/// <param name="channel">Its channel.</param>
/// <param name="maxUnacknowledged">Commands that the broker takes before it has acknowledged them.</param>
/// <param name="timeout">How long the broker may take to answer. One that sends other things meanwhile is waited for.</param>
/// <param name="lost">Called when it does not answer any more.</param>
/// <param name="clock">The clock.</param>
internal sealed class NodeConnection(IMqttClient client, NodeChannel channel, int maxUnacknowledged, TimeSpan timeout, Action<string> lost, TimeProvider clock)
{
    private const string NoAnswer = "the broker does not answer";
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(0.5);

    private readonly SemaphoreSlim _slots = new(maxUnacknowledged);
    private volatile bool _isDead;

    /// <summary>Whether nothing speaks against the connection yet.</summary>
    public bool IsUp => client.IsConnected && !_isDead;

    /// <summary>Publishes a command.</summary>
    /// <returns>False when the broker certainly does not have it, or knows that nobody listens.</returns>
    public async Task<bool> SendAsync(MqttApplicationMessage message, CancellationToken cancellationToken)
    {
        if (!await _slots.WaitAsync(timeout, cancellationToken))
            return false;
        var began = clock.GetTimestamp();
        // Its slot is free only when the broker has answered, or the broker would be sent more than it takes.
        var publishing = PublishAsync(message);
        try
        {
            return await publishing.WaitAsync(timeout, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The client pings only when it sends nothing else, and so does not notice a broken wire while there is much to say.
            if (channel.IsSilentSince(began, timeout))
                Die();
            // Nobody knows whether the broker has it, and whoever is told that it was not sent gives the money back.
            return true;
        }
    }

    /// <summary>
    /// Subscribes. Statuses come at most once: they are sent again every minute, a gap is noticed, and so they never wait behind
    /// events that wait for the store.
    /// </summary>
    /// <exception cref="IOException">The broker refuses, or does not answer.</exception>
    public async Task SubscribeAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken)
    {
        var builder = new MqttClientSubscribeOptionsBuilder();
        foreach (var filter in filters)
            builder.WithTopicFilter(filter, Topics.MustArrive(filter) ? MqttQualityOfServiceLevel.AtLeastOnce : MqttQualityOfServiceLevel.AtMostOnce);
        var subscribed = await AnswerAsync(token => client.SubscribeAsync(builder.Build(), token), cancellationToken);
        if (subscribed.Items.FirstOrDefault(item => item.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2) is { } refused)
            throw new IOException($"the broker refuses the subscription to {refused.TopicFilter.Topic}: {refused.ResultCode}");
    }

    /// <summary>Ends a subscription.</summary>
    /// <exception cref="IOException">The broker does not answer.</exception>
    public Task UnsubscribeAsync(string filter, CancellationToken cancellationToken) =>
        AnswerAsync(token => client.UnsubscribeAsync(filter, token), cancellationToken);

    private async Task<bool> PublishAsync(MqttApplicationMessage message)
    {
        try
        {
            // What is not even tried was certainly not sent, and another node may send it at once.
            return IsUp && (await client.PublishAsync(message)).ReasonCode == MqttClientPublishReasonCode.Success;
        }
        catch (MqttClientNotConnectedException)
        {
            return false;
        }
        catch (Exception)
        {
            // The connection has ended meanwhile. What the client throws then depends on which of its parts it finds gone first,
            // a NullReferenceException too. Nobody knows whether the broker has the command.
            Die();
            return true;
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>
    /// Waits for the broker's answer. It stands behind all that the broker sends before, such as the statuses that it has
    /// retained, which may be many: so it is waited for as long as anything arrives.
    /// </summary>
    private async Task<T> AnswerAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = ask(end.Token);
        while (await Task.WhenAny(asking, Task.Delay(LookInterval, clock, cancellationToken)) != asking)
        {
            if (channel.IsSilentSince(began, timeout))
                await end.CancelAsync();
        }
        try
        {
            return await asking;
        }
        catch (MqttCommunicationTimedOutException)
        {
            // So the client calls a cancellation.
            cancellationToken.ThrowIfCancellationRequested();
            throw new IOException(NoAnswer);
        }
    }

    private void Die()
    {
        _isDead = true;
        lost(NoAnswer);
    }
}
