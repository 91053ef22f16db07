using System.Diagnostics;
using System.Globalization;
using Charging.Server.Storage;
using Charging.Testing;

namespace Charging.Reliability.HeavyMessages;

/// <summary>What honest riders noticed of a kind of messages.</summary>
/// <param name="Name">The kind.</param>
/// <param name="Messages">How many were sent.</param>
/// <param name="Calls">How many honest calls were answered meanwhile.</param>
/// <param name="P99">99 of 100 took no longer, in milliseconds.</param>
/// <param name="Worst">The longest, in milliseconds.</param>
/// <param name="Slow">How many store operations took more than 50 ms, by name.</param>
public sealed record HeavyRow(string Name, int Messages, int Calls, double P99, double Worst, IReadOnlyDictionary<string, long> Slow)
{
    /// <summary>A row of the table.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"| {Name} | {Messages} | {Calls} | {P99:0} | {Worst:0} | {string.Join(", ", Slow.Select(slow => $"{slow.Key} {slow.Value}"))} |");
}

/// <summary>What came of a run.</summary>
/// <param name="Engine">The store.</param>
/// <param name="Rows">Each kind; the first is no message at all.</param>
/// <param name="Cuts">How often the broker hung up on the pile.</param>
/// <param name="Faults">What did not hold, in sentences.</param>
public sealed record HeavyReport(StoreEngine Engine, IReadOnlyList<HeavyRow> Rows, int Cuts, IReadOnlyList<string> Faults)
{
    /// <summary>The table.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""

        {Engine}: {Faults.Count} faults, the pile was cut {Cuts} times
        | messages | sent | honest calls | p99 ms | worst ms | slow operations |
        |---|---|---|---|---|---|
        {string.Join('\n', Rows)}
        {string.Join('\n', Faults)}
        """);
}

/// <summary>
/// R13, one pile: it sends the heaviest messages of the protocol, each kind for a while, as fast as it may, with charges,
/// stops, alarms and notes of its own waiting. Honest calls must stay below 200 ms for 99 of 100, and no store operation may
/// take more than 50 ms.
/// </summary>
public static class HeavyRun
{
    private const int Callers = 4;
    private const double MaxP99 = 200;

    // What runs for the first time is compiled, and no rider waits for that in the long run.
    private const int WarmUp = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs.</summary>
    /// <param name="engine">Where the server keeps its data.</param>
    /// <param name="messages">How many of each kind are sent, at 50 a second.</param>
    /// <param name="progress">Told each row.</param>
    public static async Task<HeavyReport> RunAsync(StoreEngine engine, int messages, Action<HeavyRow>? progress = null)
    {
        using var slow = new LabelCounts("charging.store.operations.slow");
        await using var place = await HeavyPlace.OpenAsync(engine, charges: 32, store: null);
        var rows = new List<HeavyRow>();
        var kinds = HeavyKind.Of(place.Known);
        var none = kinds[^1] with { Name = "none" };
        await SendAsync(n => place.Sender.SendAsync(kinds[^1].Make(n)), WarmUp);
        foreach (var kind in kinds.Prepend(none))
        {
            slow.Take();
            using var end = new CancellationTokenSource();
            var callers = Enumerable.Range(0, Callers).Select(n => Task.Run(() => CallAsync(place, place.Riders[^(n + 1)], end.Token))).ToList();
            await SendAsync(kind == none ? _ => Task.CompletedTask : n => place.Sender.SendAsync(kind.Make(n)), messages);
            await end.CancelAsync();
            var took = (await Task.WhenAll(callers)).SelectMany(calls => calls).Order().ToList();
            rows.Add(new HeavyRow(kind.Name, kind == none ? 0 : messages, took.Count, took[(int)(took.Count * 0.99)], took[^1], slow.Take()));
            progress?.Invoke(rows[^1]);
        }
        List<string> faults =
        [
            .. rows.Where(row => row.P99 > MaxP99).Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Name}: 1 of 100 honest calls took more than {row.P99:0} ms.")),
            .. rows.Where(row => row.Slow.Count > 0).Select(row => $"{row.Name}: store operations took more than 50 ms: {string.Join(", ", row.Slow.Keys)}."),
        ];
        return new HeavyReport(engine, rows, place.Sender.Cuts, faults);
    }

    /// <summary>Sends so many of each kind, and notes what the server asks of its store.</summary>
    /// <returns>How many kinds there are, and each operation.</returns>
    public static async Task<(int Kinds, IReadOnlyList<MeteredOperation> Operations)> MeterAsync(StoreEngine engine, int messages)
    {
        var store = new MeteredStore();
        await using var place = await HeavyPlace.OpenAsync(engine, charges: 8, store);
        var kinds = HeavyKind.Of(place.Known);
        store.Take();
        foreach (var kind in kinds)
            await SendAsync(n => place.Sender.SendAsync(kind.Make(n)), messages);
        var operations = store.Take();
        await place.App.CheckInvariantsAsync();
        return (kinds.Count, operations);
    }

    /// <summary>Sends so many messages, at 50 a second.</summary>
    internal static async Task SendAsync(Func<int, Task> send, int messages)
    {
        var clock = Stopwatch.StartNew();
        for (var n = 0; n < messages; n++)
        {
            if (n * Interval - clock.Elapsed is { Ticks: > 0 } early)
                await Task.Delay(early);
            await send(n);
        }
    }

    private static async Task<List<double>> CallAsync(HeavyPlace place, Rider rider, CancellationToken end)
    {
        Func<Task<Answer>>[] calls =
        [
            () => rider.PostAsync("getBalance"), () => rider.SeeAsync(place.Honest), () => rider.ListAsync(), () => rider.ReserveAsync(place.Honest, "05"),
            () => rider.SeeAsync(place.Device),
        ];
        var took = new List<double>();
        while (!end.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            await calls[took.Count % calls.Length]();
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            await Task.Delay(Interval, CancellationToken.None);
        }
        return took;
    }
}
