using Microsoft.AspNetCore.Connections;

namespace Charging.MqttBroker;

/// <summary>The connections that have not been authenticated, by network. For one thread at a time.</summary>
internal sealed class Strangers(TimeProvider clock)
{
    // A connection that has sent something is more likely a pile. Not far more: a byte costs an attacker nothing.
    private const int SilentWeight = 4;
    private const int SpeakingWeight = 1;
    private static readonly TimeSpan SpeakingHeadStart = TimeSpan.FromMilliseconds(100);

    // A pile that sends its CONNECT at once has it read within this time.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(50);

    // A connection alone in its network has at least this long, so a table of 1,000 passes on 830 places a second.
    private static readonly TimeSpan GraceAlone = TimeSpan.FromSeconds(1.2);

    private readonly Dictionary<ConnectionContext, Stranger> _all = [];
    private readonly Dictionary<ClientNetwork, Crowd> _crowds = [];
    private readonly SortedSet<Crowd> _bySize = new(Comparer<Crowd>.Create(
        (a, b) => (a.Weight, a.Count, -a.NewestNumber).CompareTo((b.Weight, b.Count, -b.NewestNumber))));
    private readonly SortedSet<Crowd> _alone = new(Comparer<Crowd>.Create((a, b) => a.NewestNumber.CompareTo(b.NewestNumber)));
    private readonly long _headStartTicks = (long)(SpeakingHeadStart.TotalSeconds * clock.TimestampFrequency);
    private long _lastNumber;

    /// <summary>How many there are.</summary>
    public int Count => _all.Count;

    /// <summary>Adds a connection that was accepted just now.</summary>
    public void Add(ConnectionContext connection)
    {
        var network = ClientNetwork.Of(connection.RemoteEndPoint);
        if (!_crowds.TryGetValue(network, out var crowd))
            _crowds[network] = crowd = new Crowd(network);
        var stranger = new Stranger(connection, crowd, ++_lastNumber, clock.GetTimestamp()) { Weight = SilentWeight };
        _all.Add(connection, stranger);
        Change(crowd, () => crowd.Add(stranger));
    }

    /// <summary>The connection has sent its first byte.</summary>
    public void Speaks(ConnectionContext connection)
    {
        if (!_all.TryGetValue(connection, out var stranger))
            return;
        Change(stranger.Crowd, () =>
        {
            stranger.Crowd.Remove(stranger);
            (stranger.Weight, stranger.HeadStart) = (SpeakingWeight, _headStartTicks);
            stranger.Crowd.Add(stranger);
        });
    }

    /// <summary>Removes a connection; nothing happens when it is not there.</summary>
    public void Remove(ConnectionContext connection)
    {
        if (_all.Remove(connection, out var stranger))
            Change(stranger.Crowd, () => stranger.Crowd.Remove(stranger));
    }

    /// <summary>
    /// Removes the connection that was accepted last from the network with the most strangers, but for those of this moment. When
    /// no network has more than the others, removes the oldest that has had its time; null when there is none.
    /// </summary>
    public ConnectionContext? RemoveOne()
    {
        var crowd = _bySize.Max!;
        var leaving = crowd.Count > 1
            ? crowd.NewerHalf.FirstOrDefault(stranger => IsOlderThan(Grace, stranger)) ?? crowd.Newest!
            : new[] { crowd, _alone.Min! }.Select(alone => alone.Newest!).FirstOrDefault(stranger => IsOlderThan(GraceAlone, stranger));
        if (leaving is null)
            return null;
        Remove(leaving.Connection);
        return leaving.Connection;
    }

    /// <summary>Removes the connections that were accepted longer ago than this.</summary>
    public List<ConnectionContext> RemoveOlderThan(TimeSpan age)
    {
        var old = _all.Values.Where(stranger => clock.GetElapsedTime(stranger.AcceptedAt) > age).Select(stranger => stranger.Connection).ToList();
        old.ForEach(Remove);
        return old;
    }

    private bool IsOlderThan(TimeSpan grace, Stranger stranger) => clock.GetElapsedTime(stranger.AcceptedAt) >= grace;

    // The sets are sorted by what changes.
    private void Change(Crowd crowd, Action change)
    {
        _bySize.Remove(crowd);
        if (crowd.Count == 1)
            _alone.Remove(crowd);
        change();
        if (crowd.Count == 1)
            _alone.Add(crowd);
        if (crowd.Newest is not null)
            _bySize.Add(crowd);
        else
            _crowds.Remove(crowd.Network);
    }

    /// <summary>The strangers of one network.</summary>
    private sealed class Crowd(ClientNetwork network)
    {
        private readonly SortedSet<Stranger> _byAge = new(Comparer<Stranger>.Create(
            (a, b) => (a.AcceptedAt - a.HeadStart, a.Number).CompareTo((b.AcceptedAt - b.HeadStart, b.Number))));

        public ClientNetwork Network => network;

        public int Weight { get; private set; }

        public int Count => _byAge.Count;

        public Stranger? Newest => _byAge.Max;

        /// <summary>The newest first. The older half has nothing to fear from however many come in a moment.</summary>
        public IEnumerable<Stranger> NewerHalf => _byAge.Reverse().Take(_byAge.Count / 2);

        public long NewestNumber => Newest?.Number ?? 0;

        public void Add(Stranger stranger)
        {
            _byAge.Add(stranger);
            Weight += stranger.Weight;
        }

        public void Remove(Stranger stranger)
        {
            _byAge.Remove(stranger);
            Weight -= stranger.Weight;
        }
    }

    private sealed class Stranger(ConnectionContext connection, Crowd crowd, long number, long acceptedAt)
    {
        public ConnectionContext Connection => connection;

        public Crowd Crowd => crowd;

        public long Number => number;

        public long AcceptedAt => acceptedAt;

        public int Weight { get; set; }

        public long HeadStart { get; set; }
    }
}
