namespace Charging.PileSimulator;

/// <summary>
/// Many piles in one process, and people, links and power supplies that trouble them at random. One loop serves
/// all; each pile has its own random numbers, so that what happens to it does not depend on the others.
/// </summary>
public sealed class SimulatedFleet : IAsyncDisposable
{
    /// <summary>A timer refuses more than 49 days, and rare trouble may be further away.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private readonly SimulatedFleetOptions _options;
    private readonly (Trouble Trouble, double PerHour)[] _rates;
    private readonly double _perHour;
    private readonly PriorityQueue<Action, (TimeSpan At, long Number)> _agenda = new();
    private long _number;
    private long _swipes, _unplugs, _reboots, _lostLinks;

    /// <summary>Makes the piles; they connect in <see cref="RunAsync"/>.</summary>
    public SimulatedFleet(SimulatedFleetOptions options)
    {
        _options = options;
        _rates =
        [
            (Trouble.Swipe, options.Cards.Count > 0 ? options.SwipesPerHour : 0),
            (Trouble.Unplug, options.UnplugsPerHour),
            (Trouble.Reboot, options.RebootsPerHour),
            (Trouble.LostLink, options.LostLinksPerHour),
        ];
        _rates = [.. _rates.Where(rate => rate.PerHour > 0)];
        _perHour = _rates.Sum(rate => rate.PerHour);
        Piles = [.. options.Piles.Select(NewPile)];
    }

    /// <summary>The piles, in the order of the options.</summary>
    public IReadOnlyList<SimulatedPile> Piles { get; }

    /// <summary>What has happened so far.</summary>
    public FleetTotals Totals => new(
        Piles.Count,
        Piles.Count(pile => pile.IsConnected),
        Interlocked.Read(ref _swipes),
        Interlocked.Read(ref _unplugs),
        Interlocked.Read(ref _reboots),
        Interlocked.Read(ref _lostLinks),
        Piles.Aggregate(new PileTotals(), (sum, pile) => sum + pile.Totals));

    /// <summary>Connects all piles and troubles them until it is cancelled; then it returns, the piles go on.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        foreach (var pile in Piles) pile.Start();
        var begun = _options.TimeProvider.GetTimestamp();
        for (var index = 0; index < Piles.Count && _perHour > 0; index++)
            ExpectTrouble(Piles[index], new Random(SeedOf(index)), TimeSpan.Zero);

        while (!cancel.IsCancellationRequested)
        {
            var now = _options.TimeProvider.GetElapsedTime(begun);
            var pause = _agenda.TryPeek(out _, out var next) && next.At - now < LongestPause ? next.At - now : LongestPause;
            if (pause <= TimeSpan.Zero) _agenda.Dequeue()();
            else await Task.Delay(pause, _options.TimeProvider, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Drops all connections.</summary>
    public async ValueTask DisposeAsync() =>
        await Parallel.ForEachAsync(Piles, (pile, _) => pile.DisposeAsync()).ConfigureAwait(false);

    private SimulatedPile NewPile(PileIdentity identity, int index)
    {
        var pile = new SimulatedPile(
            _options.PileOptions(identity) with { Seed = SeedOf(index) },
            PileMemory.OfNewProcess(TimeProvider.System));
        if (_options.SlowAnswers > 0)
            pile.Faults = new PileFaults { AnswerDelay = _options.SlowAnswerDelay, AnswerDelayShare = _options.SlowAnswers };
        return pile;
    }

    // Not System.HashCode, which differs from process to process.
    private int SeedOf(int index) => unchecked((_options.Seed * 1_000_003) + index);

    /// <summary>Times between two troubles of a pile are exponential: they come independently of each other.</summary>
    private void ExpectTrouble(SimulatedPile pile, Random random, TimeSpan after)
    {
        var at = after + TimeSpan.FromHours(-Math.Log(1 - random.NextDouble()) / _perHour);
        At(at, () =>
        {
            Strike(pile, random, at);
            ExpectTrouble(pile, random, at);
        });
    }

    private void Strike(SimulatedPile pile, Random random, TimeSpan now)
    {
        // All three are drawn each time, so that the sequence does not depend on what was chosen.
        var trouble = Choose(random.NextDouble() * _perHour);
        var plug = random.Next(pile.Options.PlugCount) + 1;
        var card = random.Next(Math.Max(1, _options.Cards.Count));
        switch (trouble)
        {
            case Trouble.Swipe:
                pile.Swipe(plug, _options.Cards[card]);
                Interlocked.Increment(ref _swipes);
                break;
            case Trouble.Unplug:
                pile.Unplug(plug);
                At(now + _options.Away, () => pile.PlugIn(plug));
                Interlocked.Increment(ref _unplugs);
                break;
            case Trouble.Reboot:
                pile.Reboot();
                Interlocked.Increment(ref _reboots);
                break;
            case Trouble.LostLink:
                pile.CutLink();
                At(now + _options.Away, pile.RestoreLink);
                Interlocked.Increment(ref _lostLinks);
                break;
        }
    }

    private Trouble Choose(double point)
    {
        foreach (var (trouble, perHour) in _rates)
        {
            if ((point -= perHour) < 0) return trouble;
        }
        return _rates[^1].Trouble; // rounding
    }

    private void At(TimeSpan at, Action action) => _agenda.Enqueue(action, (at, _number++));

    private enum Trouble
    {
        Swipe,
        Unplug,
        Reboot,
        LostLink,
    }
}
