using Charging.Testing;

namespace Charging.Reliability.Model;

/// <summary>
/// What a journey happens in: the server and its disk, the piles, the riders, the payment provider, and what goes wrong. The
/// same journey is the same to the last step.
/// </summary>
internal sealed class World
{
    private const int MostSteps = 400_000;

    // A refund is tried again after 6 hours at the most, and a charge lasts 12.
    private static readonly TimeSpan LongestEnding = TimeSpan.FromDays(3);

    // Longer than the slowest disk.
    private static readonly TimeSpan ShortestEnding = TimeSpan.FromMinutes(2);

    private readonly Journey _journey;
    private readonly Bug? _bug;
    private readonly Queue<CrashPlan> _crashes;
    private readonly List<string> _faults = [];
    private int _riding;
    private CrashPlan? _crash;
    private DateTimeOffset? _calmSince;

    public World(Journey journey, Bug? bug = null, Action<string>? trace = null, IModelPlace? place = null)
    {
        _journey = journey;
        _bug = bug;
        _crashes = new Queue<CrashPlan>(journey.Crashes);
        Scheduler = new Scheduler(journey.Seed, trace);
        Clock = new ModelClock(Scheduler, Outside);
        Place = place ?? ModelServer.NewDisk();
        Watch = new Watch(this);
        Provider = new ModelProvider(this, journey.Provider, new Random(journey.Seed + 1));
        Piles = [.. journey.Piles.Select((plan, number) => new ModelPile(this, plan, number))];
        Riders = [.. journey.Riders.Select((plan, number) => new ModelRider(this, plan, number))];
        _riding = Riders.Count;
        StartServer();
        foreach (var rider in Riders)
            Scheduler.Post(Outside, _ => _ = RideAsync(rider));
    }

    public Scheduler Scheduler { get; }

    /// <summary>What never dies: riders, piles, the provider.</summary>
    public Life Outside { get; } = new("outside");

    public ModelClock Clock { get; }

    public IModelPlace Place { get; }

    public Watch Watch { get; }

    public ModelProvider Provider { get; }

    public IReadOnlyList<ModelPile> Piles { get; }

    public IReadOnlyList<ModelRider> Riders { get; }

    public FakeSms Sms { get; } = new();

    /// <summary>The server; null while it is down.</summary>
    public ModelServer? Server { get; private set; }

    /// <summary>How many servers there were.</summary>
    public int Lives { get; private set; }

    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Something does not hold.</summary>
    public void Fault(string sentence)
    {
        Trace($"FAULT {sentence}");
        _faults.Add(sentence);
    }

    public void Trace(string line)
    {
        if (Scheduler.IsTraced)
            Scheduler.Trace(line);
    }

    /// <summary>Lets something outside take its time.</summary>
    public Task DelayAsync(int milliseconds) => Task.Delay(TimeSpan.FromMilliseconds(milliseconds), Clock);

    /// <summary>Lives the journey to its end, or to the first thing that does not hold.</summary>
    public IReadOnlyList<string> Run()
    {
        while (_faults.Count == 0 && !IsOver())
        {
            if (!Scheduler.Run())
                Fault("Nothing is left to do, and not everything has ended.");
            else if (Scheduler.Broken is { } broken)
                Fault(broken);
            else if (Scheduler.Steps > MostSteps)
                Fault($"After {MostSteps} steps it is not quiet yet: {string.Join(", ", Watch.Open)}");
            else if (Server is { } server && MustCrash(server))
                Crash(server);
        }
        if (_faults.Count == 0)
            Finish();
        return _faults;
    }

    /// <summary>What happened, and how often.</summary>
    public IEnumerable<(string What, long Count)> Tally() =>
    [
        ("steps", Scheduler.Steps), ("servers", Lives), ("starts obeyed", Piles.Sum(pile => pile.Obeyed.Values.Sum())),
        ("end records", Piles.Sum(pile => pile.Recorded.Values.Sum(records => records.Count))), ("swipes", Piles.Sum(pile => pile.Swipes.Values.Sum())),
        ("hostile acts", Piles.Sum(pile => pile.Acts)),
        .. Watch.Tally(),
        .. Riders.SelectMany(rider => rider.Orders.Concat(rider.TopUps)).SelectMany(told => told.Codes).Select(code => ($"answered {code}", 1L)),
        .. Riders.SelectMany(rider => rider.Orders).SelectMany(told => told.FromBalance).Select(call => ($"balance answered {call.Code}", 1L)),
        .. Riders.SelectMany(rider => rider.Stops.Values).SelectMany(codes => codes).Select(code => ($"stop answered {code}", 1L)),
        ("prepaid", Riders.Sum(rider => rider.Orders.Concat(rider.TopUps).Count(told => told.Prepaid.Count > 0))),
    ];

    private bool IsOver()
    {
        if (_riding > 0)
            return false;
        if (_calmSince is null)
            CalmDown();
        // What a pile said before it died may still be under way in the server.
        if (Scheduler.Now - _calmSince > ShortestEnding && Server is { IsUp: true } && Watch.Open.Count == 0 && Piles.All(pile => pile.IsQuiet))
            return true;
        if (Scheduler.Now - _calmSince > LongestEnding)
            Fault($"After {LongestEnding} it has not ended: {string.Join(", ", Watch.Open)}");
        return false;
    }

    /// <summary>Nothing goes wrong any more, so that everything can end.</summary>
    private void CalmDown()
    {
        Trace("calm");
        _calmSince = Scheduler.Now;
        Scheduler.After(Outside, ShortestEnding + TimeSpan.FromSeconds(1), () => { });
        _crashes.Clear();
        if (!Place.IsCut)
        {
            _crash = null;
            Place.CutAfter(int.MaxValue);
        }
        Provider.IsCalm = true;
        foreach (var pile in Piles)
            pile.CalmDown();
    }

    private void Finish()
    {
        List<string>? found = null;
        Server!.Call(async services => found = await Invariants.FaultsAsync(this, services));
        while (found is null && _faults.Count == 0 && Scheduler.Run())
        {
        }
        found?.ForEach(Fault);
    }

    private async Task RideAsync(ModelRider rider)
    {
        await rider.RideAsync();
        _riding--;
    }

    private bool MustCrash(ModelServer server)
    {
        if (_crash is null && _crashes.TryPeek(out var next) && server.IsUp && server.Life.Steps >= next.AfterSteps)
        {
            _crash = _crashes.Dequeue();
            if (_crash.WithinWrites is { } writes)
                Place.CutAfter(writes);
        }
        return Place.IsCut || _crash is { WithinWrites: null };
    }

    private void Crash(ModelServer server)
    {
        Trace($"crash of {server.Life.Name}{(Place.IsCut ? " in the middle of a batch" : "")}");
        var crash = _crash!;
        _crash = null;
        server.Kill();
        Server = null;
        Place.Crash(crash.LosesPower);
        foreach (var pile in Piles)
            pile.ServerGone();
        Scheduler.After(Outside, TimeSpan.FromMilliseconds(crash.DownMs), StartServer);
    }

    /// <summary>The server takes calls.</summary>
    public void ServerUp()
    {
        foreach (var pile in Piles)
            pile.ServerUp();
    }

    private void StartServer()
    {
        Lives++;
        Server = new ModelServer(this, new Life($"server{Lives}"), _bug, new Random(_journey.Seed + (31 * Lives)));
    }
}
