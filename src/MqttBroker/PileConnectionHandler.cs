using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;

namespace Charging.MqttBroker;

/// <summary>Where Kestrel's connections become the broker's.</summary>
internal sealed class PileConnectionHandler(
    EmbeddedBroker broker, ConnectGate gate, PileBrokerOptions options, BrokerMetrics metrics, TimeProvider clock, ILogger<PileConnectionHandler> logger)
    : ConnectionHandler
{
    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        using var channel = new PileChannel(connection, () => gate.Leave(connection), options, metrics, clock);

        // Without this, Kestrel waits for the piles to hang up when the server stops.
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var registration = stopping.Register(connection.Abort);

        await broker.ServeAsync(channel);

        // A graceful close would wait for a pile that does not read. A stranger gets its few bytes of refusal.
        if (channel.Pile is not { } pile)
            return;
        connection.Abort();
        if (channel.CutReason is { } reason)
            logger.PileCut(pile.Session.Device, reason);
    }
}
