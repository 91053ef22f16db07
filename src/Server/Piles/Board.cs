using System.Collections.Concurrent;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Clock;

namespace Charging.Server.Piles;

/// <summary>Whether a pile can be told something.</summary>
public enum PileReach
{
    /// <summary>Connected, and a status of this boot was seen.</summary>
    Online,

    /// <summary>Gone.</summary>
    Offline,

    /// <summary>
    /// Not heard since the server started or found the broker again, which is so short ago that it says nothing; or this node
    /// is cut off from the broker, and others may hear the pile.
    /// </summary>
    Unheard,
}

/// <summary>What the server knows of one pile.</summary>
/// <param name="Session">The newest connection.</param>
/// <param name="IsConnected">Whether it is open.</param>
/// <param name="Status">The last status of this connection, or null before the first.</param>
/// <param name="TimeSentAt">When the pile was last told the time on this connection, by the monotonic clock.</param>
public sealed record PileView(PileSession Session, bool IsConnected, PileStatus? Status, long? TimeSentAt)
{
    private long _heardTicks;
    private long _heardTimestamp;

    /// <summary>When a gap was last noticed, by the monotonic clock; null when there was none.</summary>
    public long? GapAt { get; init; }

    /// <summary>When anything was last heard, UTC: for people.</summary>
    public DateTimeOffset HeardAt => new(Volatile.Read(ref _heardTicks), TimeSpan.Zero);

    /// <summary>When anything was last heard, by the monotonic clock: for judgements.</summary>
    public long HeardTimestamp => Volatile.Read(ref _heardTimestamp);

    /// <summary>Something is heard now.</summary>
    public PileView Hear(TimeProvider clock)
    {
        Volatile.Write(ref _heardTicks, clock.GetUtcNow().UtcTicks);
        Volatile.Write(ref _heardTimestamp, clock.GetTimestamp());
        return this;
    }

    /// <summary>What the pile says of a plug, or null when it says nothing.</summary>
    public PlugStatus? Plug(int number)
    {
        // Plugs come in order nearly always, so the place is tried first.
        if (Status is null)
            return null;
        var plugs = Status.Plugs;
        if (number <= plugs.Count && plugs[number - 1].Plug == number)
            return plugs[number - 1];
        foreach (var plug in plugs)
        {
            if (plug.Plug == number)
                return plug;
        }
        return null;
    }
}

/// <summary>What a status told the board beside its content.</summary>
/// <param name="Counts">Whether it was of the newest connection.</param>
/// <param name="IsFirst">Whether it was the first of its connection.</param>
/// <param name="HasGap">Whether statuses before it were lost, for the first time in 10 s, or it is a will that may be of an older connection.</param>
public readonly record struct StatusNews(bool Counts, bool IsFirst, bool HasGap);

/// <summary>Who is online and what each plug reports. In memory only: it fills as piles connect.</summary>
public sealed class Board(TimeProvider clock, IPileLink link, ClockWatch clocks)
{
    /// <summary>
    /// After a start of the server, a cut from the broker or a jump of the clock, how long a pile that was not heard is not yet
    /// taken for gone.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(90);

    /// <summary>Without any message for three heartbeats a pile is offline.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(3 * 60);

    // A pile says again after ten minutes at the latest what nobody has acknowledged, and takes a moment.
    private static readonly TimeSpan LongestResend = TimeSpan.FromMinutes(11);

    // A pile that cannot count would be asked for a status by its answer to the last asking, as fast as the line is.
    private static readonly TimeSpan GapPause = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<DeviceNo, PileView> _piles = new();
    private readonly long _startedAt = clock.GetTimestamp();
    private readonly ConcurrentDictionary<DeviceNo, long> _missedOf = new();
    private long _missedAt;

    /// <summary>Something else is known of a pile now. Must be quick: it is told on the pile's own connection.</summary>
    public event Action<DeviceNo>? Changed;

    /// <summary>What is known of a pile, or null when it was not heard since the server started.</summary>
    public PileView? Find(DeviceNo device) => _piles.GetValueOrDefault(device);

    /// <summary>Everything that is known.</summary>
    public IEnumerable<PileView> All => _piles.Values;

    /// <summary>Whether a pile is online.</summary>
    public bool IsOnline(DeviceNo device) => Find(device) is { } view && IsOnline(view);

    /// <summary>Whether a pile is online. What it has sent while this process stood still is yet to be read, so its silence begins there.</summary>
    public bool IsOnline(PileView view) =>
        view is { IsConnected: true, Status.Online: true } && (SinceHeard(view) <= Silence || clocks.SinceJump <= Silence);

    /// <summary>Whether this node is cut off from the broker, so that nothing here tells what a pile does now.</summary>
    public bool IsCutOff => link.Trouble is not null;

    /// <summary>
    /// Whether a charge can be judged by what its pile says and does not say. An end record that was sent while all nodes were
    /// cut off from the broker or the store, or stood still, comes again only a while after they have found it.
    /// </summary>
    public bool MayJudge => !IsCutOff && link.ConnectedFor >= LongestResend && IsOver(Volatile.Read(ref _missedAt)) && clocks.SinceJump >= LongestResend;

    /// <summary>Whether a charge of one pile can be judged: this node has kept, too, what the pile itself has said of late.</summary>
    public bool MayJudgeOf(DeviceNo device) => MayJudge && (!_missedOf.TryGetValue(device, out var missedAt) || IsOver(missedAt));

    /// <summary>What piles say now is not kept, and comes again.</summary>
    public void Missed() => Volatile.Write(ref _missedAt, clock.GetTimestamp());

    /// <summary>An event of a pile is not kept, and comes again.</summary>
    public void Missed(DeviceNo device) => _missedOf[device] = clock.GetTimestamp();

    /// <summary>Whether a pile can be told something.</summary>
    public PileReach Reach(DeviceNo device)
    {
        if (IsCutOff)
            return PileReach.Unheard;
        var view = Find(device) is { Status: not null } known && IsHeard(known) ? known : null;
        if (view is not null && IsOnline(view))
            return PileReach.Online;
        if (view is not null && SinceHeard(view) < clocks.SinceJump)
            return PileReach.Offline;
        var hearing = new[] { clock.GetElapsedTime(_startedAt), link.ConnectedFor, clocks.SinceJump }.Min();
        return hearing < Grace ? PileReach.Unheard : PileReach.Offline;
    }

    /// <summary>Whether the boot is known in which a pile is now.</summary>
    public bool KnowsBoot(DeviceNo device) => Find(device) is { Status.Online: true } view && IsHeard(view);

    /// <summary>A pile has connected.</summary>
    public void Connected(PileSession session)
    {
        _piles.AddOrUpdate(
            session.Device,
            _ => new PileView(session, true, null, null).Hear(clock),
            (_, known) => known.Session.Number > session.Number ? known : new PileView(session, true, null, null).Hear(clock));
        Changed?.Invoke(session.Device);
    }

    /// <summary>A connection has ended. An older one's end changes nothing.</summary>
    public void Disconnected(PileSession session)
    {
        Update(session, view => view with { IsConnected = false, Status = view.Status ?? new PileStatus() });
        Changed?.Invoke(session.Device);
    }

    /// <summary>A message of any kind came in.</summary>
    public void Heard(PileSession session)
    {
        // After a cut, a status must come first: the last one is of before.
        if (Find(session.Device) is { } view && view.Session.Number == session.Number && IsHeard(view))
            view.Hear(clock);
    }

    /// <summary>The pile was told the time, or could not be told.</summary>
    public void TimeSent(PileSession session, bool wasSent) => Update(session, view => view with { TimeSentAt = wasSent ? clock.GetTimestamp() : null });

    /// <summary>A status or a will. A will counts only when its connection is the last status's.</summary>
    public StatusNews StatusReceived(PileSession session, PileStatus status)
    {
        if (Find(session.Device) is not { } view || view.Session.Number != session.Number)
            return default;
        if (!status.Online && view.Status is { } last && last.ConnectionId != status.ConnectionId)
            return new StatusNews(false, false, true);
        var first = view.Status is null;
        var gap = view.Status is { } before && before.BootId == status.BootId && status.Online && status.Seq != before.Seq + 1;
        gap &= view.GapAt is not { } gapAt || clock.GetElapsedTime(gapAt) >= GapPause;
        Update(session, known => (known with { Status = status, GapAt = gap ? clock.GetTimestamp() : known.GapAt }).Hear(clock));
        Changed?.Invoke(session.Device);
        return new StatusNews(true, first, gap);
    }

    // 0 where there was none.
    private bool IsOver(long outage) => outage == 0 || clock.GetElapsedTime(outage) >= LongestResend;

    private bool IsHeard(PileView view) => SinceHeard(view) <= link.ConnectedFor;

    private TimeSpan SinceHeard(PileView view) => clock.GetElapsedTime(view.HeardTimestamp);

    private void Update(PileSession session, Func<PileView, PileView> change)
    {
        while (_piles.TryGetValue(session.Device, out var view) && view.Session.Number == session.Number)
        {
            if (_piles.TryUpdate(session.Device, change(view), view))
                return;
        }
    }
}
