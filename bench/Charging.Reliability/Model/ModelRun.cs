using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Charging.Server.Storage;

namespace Charging.Reliability.Model;

/// <summary>What came of a run.</summary>
/// <param name="Journeys">Journeys lived.</param>
/// <param name="Tally">What happened in them, and how often.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Failed">The number of the first journey in which something did not hold; null when everything held.</param>
/// <param name="Faults">What did not hold there, in sentences.</param>
public sealed record ModelReport(int Journeys, IReadOnlyDictionary<string, long> Tally, TimeSpan Elapsed, int? Failed, IReadOnlyList<string> Faults)
{
    /// <summary>The table.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""

        | journeys | journeys/s | faults | time | what happened |
        |---|---|---|---|---|
        | {Journeys} | {Journeys / Elapsed.TotalSeconds:F1} | {Faults.Count} | {Elapsed:hh\:mm\:ss} | {string.Join(", ", Tally.OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => $"{count.Key} {count.Value}"))} |
        {string.Join('\n', Faults.Take(50))}
        """);
}

/// <summary>
/// R2: generated journeys of riders, piles, the payment provider and crashes, through the server's domain on its store, with
/// every await interleaved by one seeded scheduler and simulated time.
/// </summary>
public static class ModelRun
{
    /// <summary>Lives journeys until something does not hold, or to the end.</summary>
    /// <param name="journeys">How many.</param>
    /// <param name="seed">The run; the same seed and number is the same journey.</param>
    /// <param name="first">The number of the first.</param>
    /// <param name="bug">A planted bug.</param>
    /// <param name="progress">Told a line now and then.</param>
    /// <param name="engine">What the store is.</param>
    public static ModelReport Run(int journeys, int seed = 1, int first = 0, Bug? bug = null, Action<string>? progress = null, StoreEngine engine = StoreEngine.LiteDb)
    {
        var run = new Counts(first, first + journeys);
        // A journey is one thread's from beginning to end, for its store's transactions are a thread's.
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() => Work(run, seed, bug, engine)) { Name = "journeys" }).ToList();
        threads.ForEach(thread => thread.Start());
        foreach (var thread in threads)
        {
            while (!thread.Join(TimeSpan.FromSeconds(10)))
                progress?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{run.Done} journeys, {run.Done / run.Clock.Elapsed.TotalSeconds:F1}/s, {run.Clock.Elapsed:hh\\:mm\\:ss}"));
        }
        int? failed = run.Faults.IsEmpty ? null : run.Faults.Keys.Min();
        return new ModelReport(run.Done, run.Tally, run.Clock.Elapsed, failed, failed is { } number ? run.Faults[number] : []);
    }

    /// <summary>Lives one journey.</summary>
    /// <param name="seed">The run.</param>
    /// <param name="number">Its number.</param>
    /// <param name="bug">A planted bug.</param>
    /// <param name="trace">Told everything that happens.</param>
    /// <param name="tally">Counts what happens.</param>
    /// <param name="engine">What the store is.</param>
    /// <returns>What did not hold.</returns>
    public static IReadOnlyList<string> Live(int seed, int number, Bug? bug = null, Action<string>? trace = null, ConcurrentDictionary<string, long>? tally = null, StoreEngine engine = StoreEngine.LiteDb)
    {
        using var place = engine == StoreEngine.PostgreSql ? PostgresPlace.Make() : null;
        return Live(Journey.Of(seed, number), bug, trace, tally, place);
    }

    private static IReadOnlyList<string> Live(Journey journey, Bug? bug, Action<string>? trace, ConcurrentDictionary<string, long>? tally, PostgresPlace? place)
    {
        var world = new World(journey, bug, trace, place?.Clean());
        var faults = world.Run();
        foreach (var (what, count) in world.Tally())
            tally?.AddOrUpdate(what, count, (_, known) => known + count);
        return faults;
    }

    private static void Work(Counts run, int seed, Bug? bug, StoreEngine engine)
    {
        using var place = engine == StoreEngine.PostgreSql ? PostgresPlace.Make() : null;
        // Those before one that failed are lived to their end, so that the first is found.
        for (var number = run.Take(); number is { } taken; number = run.Take())
        {
            var faults = Live(Journey.Of(seed, taken), bug, null, run.Tally, place);
            if (faults.Count > 0)
                run.Faults[taken] = faults;
            run.Count();
        }
    }

    private sealed class Counts(int first, int end)
    {
        private int _next = first;
        private int _done;

        public Stopwatch Clock { get; } = Stopwatch.StartNew();

        public ConcurrentDictionary<string, long> Tally { get; } = new();

        public ConcurrentDictionary<int, IReadOnlyList<string>> Faults { get; } = new();

        public int Done => Volatile.Read(ref _done);

        public void Count() => Interlocked.Increment(ref _done);

        public int? Take() => Faults.IsEmpty && Interlocked.Increment(ref _next) is var taken && taken <= end ? taken - 1 : null;
    }
}
