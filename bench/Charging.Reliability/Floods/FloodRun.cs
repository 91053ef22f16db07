using System.Diagnostics;
using System.Globalization;
using Charging.Server.Storage;

namespace Charging.Reliability.Floods;

/// <summary>Who does as much as possible.</summary>
public enum Flooder
{
    /// <summary>A rider with a token.</summary>
    Rider,

    /// <summary>An address without a token or a key.</summary>
    Address,

    /// <summary>A key of the role operator.</summary>
    Key,
}

/// <summary>What became of a limit.</summary>
/// <param name="What">The limit, as docs/security.md names it.</param>
/// <param name="Refused">How often it has refused something.</param>
/// <param name="Answers">What its act was answered, and how often.</param>
public sealed record FloodLimitRow(string What, long Refused, string Answers)
{
    /// <summary>A row of the table.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"| {What} | {Refused} | {Answers} |");
}

/// <summary>What came of a run.</summary>
public sealed record FloodReport
{
    /// <summary>Who.</summary>
    public required Flooder Who { get; init; }

    /// <summary>The store.</summary>
    public required StoreEngine Engine { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Calls of the one that were answered.</summary>
    public required int Calls { get; init; }

    /// <summary>99 of 100 calls of others took no longer, in milliseconds: before, and meanwhile.</summary>
    public required (double Before, double Meanwhile) P99 { get; init; }

    /// <summary>By how much the store has grown, in bytes.</summary>
    public required long StoreBytes { get; init; }

    /// <summary>By how much each table has grown, in rows.</summary>
    public required IReadOnlyDictionary<string, long> Rows { get; init; }

    /// <summary>By how much the memory of the server's process has grown, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>What each act was answered, and how often.</summary>
    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>Each limit that was to be met.</summary>
    public required IReadOnlyList<FloodLimitRow> Limits { get; init; }

    /// <summary>What does not hold on any machine, in sentences.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>What does not hold, and may be the machine's fault, in sentences.</summary>
    public required IReadOnlyList<string> Slow { get; init; }

    /// <summary>The tables.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""

        | who | store | time | calls | others' p99 before, ms | meanwhile, ms | store, KiB | memory, KiB | rows |
        |---|---|---|---|---|---|---|---|---|
        | {Who} | {Engine} | {Elapsed:hh\:mm\:ss} | {Calls} | {P99.Before:0.0} | {P99.Meanwhile:0.0} | {StoreBytes / 1024} | {MemoryBytes / 1024} | {string.Join(", ", Rows.OrderByDescending(row => row.Value).Select(row => $"{row.Key} {row.Value}"))} |

        | limit | refused | answers |
        |---|---|---|
        {string.Join('\n', Limits)}

        {string.Join("; ", Answers)}
        {string.Join('\n', Faults.Concat(Slow))}
        """);
}

/// <summary>
/// R13: one rider, one address or one operator's key does all that it may, as fast as it is answered, at a server with default
/// limits. Each limit that is documented must be met and answer as documented, the store and the memory must hardly grow, and others
/// must hardly notice.
/// </summary>
public static class FloodRun
{
    private const int Workers = 8;
    private const long MaxStoreBytes = 10 * 1024 * 1024;
    private const long MaxMemoryBytes = 64 * 1024 * 1024;
    private const double MaxP99 = 200;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    // What runs for the first time is compiled and cached, and that is no growth.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    /// <summary>Runs.</summary>
    public static async Task<FloodReport> RunAsync(Flooder who, StoreEngine engine, TimeSpan time)
    {
        await using var place = await FloodPlace.OpenAsync(engine);
        FloodActor actor = who switch
        {
            Flooder.Rider => new RiderFlood(place),
            Flooder.Address => new AddressFlood(place),
            _ => new KeyFlood(place),
        };
        await actor.PrepareAsync();
        var quiet = await MeasureAsync(place, WarmUp, null);
        var (before, bytes) = (await place.StateAsync(), await place.StoreBytesAsync());
        var clock = Stopwatch.StartNew();
        var meanwhile = await MeasureAsync(place, time, actor);
        var elapsed = clock.Elapsed;
        var (after, bytesAfter) = (await place.StateAsync(), await place.StoreBytesAsync());
        var documented = DocumentedLimit.Read();
        var report = new FloodReport
        {
            Who = who,
            Engine = engine,
            Elapsed = elapsed,
            Calls = actor.Calls,
            P99 = (P99(quiet), P99(meanwhile)),
            StoreBytes = bytesAfter - bytes,
            Rows = after.Rows.Where(table => table.Value != before.Rows.GetValueOrDefault(table.Key)).ToDictionary(table => table.Key, table => table.Value - before.Rows.GetValueOrDefault(table.Key)),
            MemoryBytes = after.MemoryBytes - before.MemoryBytes,
            Answers = [.. actor.Acts.Select(act => $"{act.Name}: {Answers(actor, act.Name)}")],
            Limits = [.. actor.Limits.Select(limit => new FloodLimitRow(limit.What, after.Limited.GetValueOrDefault(limit.Metric ?? ""), Answers(actor, limit.Act)))],
            Faults = [.. actor.Limits.SelectMany(limit => FaultsOf(limit, documented, actor, after, time)), .. after.Errors.Select(error => $"Logged: {error}")],
            Slow = [],
        };
        return report with { Faults = [.. report.Faults, .. GrowthOf(report)], Slow = [.. SlownessOf(report)] };
    }

    private static IEnumerable<string> FaultsOf(ExpectedLimit limit, IReadOnlyDictionary<string, DocumentedLimit> documented, FloodActor actor, ServerState state, TimeSpan time)
    {
        if (!documented.TryGetValue(limit.What, out var document))
        {
            yield return $"docs/security.md has no row '{limit.What}'.";
            yield break;
        }
        var mustBeMet = time >= limit.MetWithin;
        if (limit.Metric is { } metric && state.Limited.GetValueOrDefault(metric) == 0)
        {
            if (mustBeMet)
                yield return $"The limit {metric} ({limit.What}) was not met.";
        }
        else if (limit.Metric is { } name && !state.Logged.Contains(name))
        {
            yield return $"The log has no line of the limit {name}.";
        }
        if (mustBeMet && actor.Count(limit.Act, [.. document.Answers]) == 0)
            yield return $"{limit.Act}: never answered {string.Join(" or ", document.Answers)}, as docs/security.md says of '{limit.What}', but {Answers(actor, limit.Act)}.";
        // A window that has begun counts too, and several calls may be under way.
        var most = document.Max * (1 + Math.Ceiling(time / limit.Window));
        if (limit.Takes.Length > 0 && actor.Count(limit.Act, limit.Takes) > most)
            yield return string.Create(CultureInfo.InvariantCulture, $"{limit.Act}: {Answers(actor, limit.Act)}, and docs/security.md says at most {document.Max} in {limit.Window}.");
    }

    private static string Answers(FloodActor actor, string act) =>
        string.Join(", ", actor.Answers.Where(answer => answer.Key.Act == act).OrderBy(answer => answer.Key.Code).Select(answer => $"{answer.Key.Code} {answer.Value} times"));

    private static IEnumerable<string> GrowthOf(FloodReport report)
    {
        if (report.StoreBytes > MaxStoreBytes)
            yield return $"The store has grown by {report.StoreBytes / 1024} KiB.";
    }

    private static IEnumerable<string> SlownessOf(FloodReport report)
    {
        if (report.MemoryBytes > MaxMemoryBytes)
            yield return $"The memory has grown by {report.MemoryBytes / 1024} KiB.";
        if (report.P99.Meanwhile > MaxP99)
            yield return string.Create(CultureInfo.InvariantCulture, $"1 of 100 calls of others took more than {report.P99.Meanwhile:0} ms.");
    }

    /// <summary>Calls as honest riders for a time, while an actor does what it may.</summary>
    /// <returns>How long each call of theirs took, in milliseconds.</returns>
    private static async Task<List<double>> MeasureAsync(FloodPlace place, TimeSpan time, FloodActor? actor)
    {
        using var end = new CancellationTokenSource(time);
        var flood = Enumerable.Range(0, actor is null ? 0 : Workers).Select(worker => Task.Run(() => actor!.RunAsync(worker, end.Token))).ToList();
        var took = await Task.WhenAll(Enumerable.Range(0, FloodPlace.HonestRiders).Select(rider => Task.Run(() => CallAsync(place, rider, end.Token))));
        await Task.WhenAll(flood);
        return [.. took.SelectMany(calls => calls).Order()];
    }

    private static double P99(List<double> took) => took[(int)(took.Count * 0.99)];

    private static async Task<List<double>> CallAsync(FloodPlace place, int rider, CancellationToken end)
    {
        var (address, token, plug) = ($"198.51.100.{rider}", place.Tokens[rider], $"0{rider + 1}");
        Func<Task>[] calls =
        [
            () => place.PostAsync(address, "getBalance", new { body = new { } }, token),
            () => place.PostAsync(address, "getPileStatus", new { body = new { deviceNo = place.HonestPile } }, token),
            () => place.PostAsync(address, "getOrderRecord", new { pageNum = 1, pageSize = 10 }, token),
            () => place.PostAsync(address, "getOrderNo", new { body = new { deviceNo = place.HonestPile, plug } }, token),
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
