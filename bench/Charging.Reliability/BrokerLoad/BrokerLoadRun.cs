using System.Collections.ObjectModel;
using System.Diagnostics;
using System.Globalization;
using Charging.Reliability.HeavyMessages;
using Charging.Testing;

namespace Charging.Reliability.BrokerLoad;

/// <summary>What came of a run.</summary>
/// <param name="Ready">How long two nodes needed until both were ready, with all that the broker had retained.</param>
/// <param name="PeakMiB">The most memory that each node had from its start to the end of the heavy messages, the larger of the two.</param>
/// <param name="AlonePeakMiB">The same of a node that found nothing retained and was sent nothing heavy.</param>
/// <param name="Rows">What riders noticed of each kind of heavy messages; the first is none at all.</param>
/// <param name="Ends">How long each jammed node needed to end after SIGTERM.</param>
/// <param name="Faults">What must not be, however slow the machine is, in sentences.</param>
public sealed record BrokerLoadReport(
    TimeSpan Ready, int PeakMiB, int AlonePeakMiB, IReadOnlyList<HeavyRow> Rows, IReadOnlyList<TimeSpan> Ends, IReadOnlyList<string> Faults)
{
    private static readonly TimeSpan MaxReady = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan MaxEnd = TimeSpan.FromSeconds(15);
    private const double MaxP99 = 200;

    /// <summary>The faults, and the figures that were not reached.</summary>
    public IReadOnlyList<string> Missed =>
    [
        .. Faults,
        .. Ready > MaxReady ? [$"The nodes were ready after {Ready.TotalSeconds:0.0} s."] : (string[])[],
        .. Rows.Where(row => row.P99 > MaxP99).Select(row => $"{row.Name}: 1 of 100 honest calls took more than {row.P99:0} ms."),
        .. Ends.Where(end => end > MaxEnd).Select(end => $"A jammed node ended {end.TotalSeconds:0.0} s after SIGTERM."),
    ];

    /// <summary>The table.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""

        both nodes ready after {Ready.TotalSeconds:0.0} s, at most {PeakMiB} MiB each ({AlonePeakMiB} MiB without all this), jammed ones ended after {string.Join(" and ", Ends.Select(end => $"{end.TotalSeconds:0.0} s"))}
        {string.Join('\n', Missed)}
        """);
}

/// <summary>
/// What two nodes on a real Mosquitto and a PostgreSQL bear: many retained statuses of 12 KB at their start, the heaviest
/// messages of a pile, each kind for a while, and a stop while everything waits for the store.
/// </summary>
public static class BrokerLoadRun
{
    private const int Callers = 4;
    private const int CallsInJam = 200;

    // What runs for the first time is compiled, and no rider waits for that in the long run.
    private const int WarmUp = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs.</summary>
    /// <param name="statuses">How many statuses are retained.</param>
    /// <param name="messages">How many heavy messages of each kind are sent, at 50 a second.</param>
    /// <param name="progress">Told each row.</param>
    public static async Task<BrokerLoadReport> RunAsync(int statuses, int messages, Action<string>? progress = null)
    {
        await using var world = await BrokerLoadWorld.OpenAsync();
        var alone = world.Nodes[0].PeakMiB;
        await world.RetainAsync(statuses);
        await world.KillNodesAsync();
        var ready = await world.StartNodesAsync(2);
        progress?.Invoke(string.Create(CultureInfo.InvariantCulture, $"ready after {ready.TotalSeconds:0.0} s, {world.Nodes.Max(node => node.PeakMiB)} MiB"));
        var rows = await SendAllAsync(world, messages, progress);
        var peak = world.Nodes.Max(node => node.PeakMiB);
        List<string> faults = [.. world.Nodes.SelectMany(node => node.Errors)];
        return new BrokerLoadReport(ready, peak, alone, rows, await StopInJamAsync(world, faults), faults);
    }

    private static async Task<List<HeavyRow>> SendAllAsync(BrokerLoadWorld world, int messages, Action<string>? progress)
    {
        var rows = new List<HeavyRow>();
        var kinds = HeavyKind.Of(world.Known);
        var none = kinds[^1] with { Name = "none" };
        using (var warm = new CancellationTokenSource())
        {
            var calls = CallAsync(world, 0, warm.Token);
            await HeavyRun.SendAsync(n => world.Sender.SendAsync(kinds[^1].Make(n)), WarmUp);
            await warm.CancelAsync();
            await calls;
        }
        foreach (var kind in kinds.Prepend(none))
        {
            using var end = new CancellationTokenSource();
            var callers = Enumerable.Range(0, Callers).Select(n => Task.Run(() => CallAsync(world, n, end.Token))).ToList();
            await HeavyRun.SendAsync(kind == none ? _ => Task.CompletedTask : n => world.Sender.SendAsync(kind.Make(n)), messages);
            await end.CancelAsync();
            var took = (await Task.WhenAll(callers)).SelectMany(calls => calls).Order().ToList();
            rows.Add(new HeavyRow(kind.Name, kind == none ? 0 : messages, took.Count, took[(int)(took.Count * 0.99)], took[^1], ReadOnlyDictionary<string, long>.Empty));
            progress?.Invoke($"{rows[^1]}");
        }
        return rows;
    }

    private static async Task<List<double>> CallAsync(BrokerLoadWorld world, int first, CancellationToken end)
    {
        (string Route, object Body)[] calls =
        [
            ("getBalance", new { }), ("getPileStatus", new { deviceNo = world.Honest }), ("getOrderRecord", new { pageNum = 1, pageSize = 10 }),
            ("getOrderNo", new { deviceNo = world.Honest, plug = "05" }), ("getPileStatus", new { deviceNo = world.Hostile }),
        ];
        var took = new List<double>();
        for (var n = first; took.Count == 0 || !end.IsCancellationRequested; n++)
        {
            var (route, body) = calls[n % calls.Length];
            var began = Stopwatch.GetTimestamp();
            await world.Nodes[n % world.Nodes.Count].CallAsync(route, body, world.Token, CancellationToken.None);
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            await Task.Delay(Interval, CancellationToken.None);
        }
        return took;
    }

    private static async Task<IReadOnlyList<TimeSpan>> StopInJamAsync(BrokerLoadWorld world, List<string> faults)
    {
        await using var blocker = await world.JamAsync();
        var calls = world.Nodes.SelectMany(node => Enumerable.Range(0, CallsInJam).Select(_ => node.CallAsync("getBalance", new { }, world.Token))).ToList();
        var mixed = HeavyKind.Of(world.Known)[^1];
        await HeavyRun.SendAsync(n => world.Sender.SendAsync(mixed.Make(n)), WarmUp);
        await Retry.Until("all connections of the nodes wait", async () => await BrokerLoadWorld.WaitingAsync(blocker) >= 20);
        var ends = await Task.WhenAll(world.Nodes.Select(async node =>
        {
            var clock = Stopwatch.StartNew();
            await node.TermAsync();
            if (await node.EndAsync() is not 0 and var code)
                faults.Add($"A jammed node ended with {code}.");
            return clock.Elapsed;
        }));
        await Task.WhenAll(calls).ContinueWith(_ => { }, TaskScheduler.Default);
        return ends;
    }
}
