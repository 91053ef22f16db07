using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Charging.MqttBroker;

/// <summary>
/// Counts the connections that have not been authenticated: strangers. They share a limit. When it is reached, a new one takes
/// the place of the newest of the network with the most strangers: so an attacker displaces his own connections, and a pile on
/// a slow link has the whole connect timeout. When each network has one, the oldest goes, or the new one is refused.
/// </summary>
internal sealed class ConnectGate(PileBrokerOptions options, BrokerMetrics metrics, TimeProvider clock)
{
    private readonly TimeSpan _timeout = TimeSpan.FromSeconds(options.ConnectTimeoutSeconds);
    private readonly Strangers _strangers = new(clock);
    private readonly Lock _lock = new();

    /// <summary>How many there are.</summary>
    public int Pending
    {
        get
        {
            lock (_lock)
                return _strangers.Count;
        }
    }

    /// <summary>The Kestrel middleware. It stands before TLS, so handshakes count too; nothing else runs until the first byte.</summary>
    public ConnectionDelegate Guard(ConnectionDelegate next) => async connection =>
    {
        if (!TryEnter(connection))
        {
            Cut(connection, "too_many_pending");
            return;
        }

        try
        {
            if (await HasFirstByteAsync(connection))
                await next(connection);
        }
        finally
        {
            Leave(connection);
        }
    };

    /// <summary>The connection is a stranger no more. May be called again.</summary>
    public void Leave(ConnectionContext connection)
    {
        lock (_lock)
            _strangers.Remove(connection);
    }

    /// <summary>Closes the connections that have not said in time who they are.</summary>
    public void CutOverdue()
    {
        List<ConnectionContext> overdue;
        lock (_lock)
            overdue = _strangers.RemoveOlderThan(_timeout);
        foreach (var connection in overdue)
            Cut(connection, "connect_timeout");
    }

    private bool TryEnter(ConnectionContext connection)
    {
        ConnectionContext? displaced = null;
        lock (_lock)
        {
            if (_strangers.Count >= options.MaxPendingConnections && (displaced = _strangers.RemoveOne()) is null)
                return false;
            _strangers.Add(connection);
        }

        if (displaced is not null)
            Cut(displaced, "too_many_pending");
        return true;
    }

    private async Task<bool> HasFirstByteAsync(ConnectionContext connection)
    {
        // Without this, Kestrel waits for the strangers to hang up when the server stops.
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        try
        {
            var read = await connection.Transport.Input.ReadAsync(stopping);
            var hasByte = !read.Buffer.IsEmpty;
            connection.Transport.Input.AdvanceTo(read.Buffer.Start);
            lock (_lock)
                _strangers.Speaks(connection);
            return hasByte;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Closed by either side, or the server stops.
            return false;
        }
    }

    private void Cut(ConnectionContext connection, string reason)
    {
        metrics.Cut(reason);
        connection.Abort();
    }
}
