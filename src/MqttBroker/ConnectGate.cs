using Microsoft.AspNetCore.Connections;

namespace Charging.MqttBroker;

/// <summary>
/// Counts the connections that have not been authenticated. Strangers share a limit; when it is reached the oldest goes,
/// so a pile that speaks at once gets in however many say nothing.
/// </summary>
internal sealed class ConnectGate(PileBrokerOptions options, BrokerMetrics metrics, TimeProvider clock)
{
    private readonly TimeSpan _patience = TimeSpan.FromSeconds(options.ConnectTimeoutSeconds);
    private readonly LinkedList<Stranger> _strangers = [];
    private readonly Dictionary<ConnectionContext, LinkedListNode<Stranger>> _places = [];
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

    /// <summary>The Kestrel middleware; it stands before TLS, so handshakes count too.</summary>
    public ConnectionDelegate Guard(ConnectionDelegate next) => async connection =>
    {
        Enter(connection);
        try
        {
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
        {
            if (_places.Remove(connection, out var place))
                _strangers.Remove(place);
        }
    }

    /// <summary>Cuts whoever has not said who it is in time.</summary>
    public void CutOverdue()
    {
        while (TakeOldest(place => clock.GetElapsedTime(place.Since) > _patience) is { } stranger)
            Cut(stranger, "connect_timeout");
    }

    private void Enter(ConnectionContext connection)
    {
        bool full;
        lock (_lock)
        {
            _places[connection] = _strangers.AddLast(new Stranger(connection, clock.GetTimestamp()));
            full = _strangers.Count > options.MaxPendingConnections;
        }

        if (full && TakeOldest(_ => true) is { } stranger)
            Cut(stranger, "too_many_pending");
    }

    private Stranger? TakeOldest(Func<Stranger, bool> condition)
    {
        lock (_lock)
        {
            if (_strangers.First is not { } first || !condition(first.Value))
                return null;
            _strangers.RemoveFirst();
            _places.Remove(first.Value.Connection);
            return first.Value;
        }
    }

    private void Cut(Stranger stranger, string reason)
    {
        metrics.Cut(reason);
        stranger.Connection.Abort();
    }

    private sealed record Stranger(ConnectionContext Connection, long Since);
}
