using System.Diagnostics;
using System.Text.Json.Serialization;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Microsoft.Extensions.Logging.Abstractions;

namespace Charging.Bench;

/// <summary>
/// P2b: operations that read a plug, update it and insert an order, each answered when it is on disk, against
/// PostgreSQL's transactions of the same size, with as many clients, in turn.
/// </summary>
internal static class StoreBench
{
    internal const int Plugs = 5_000;

    public static async Task<int> RunAsync(string[] args)
    {
        var (seconds, rounds) = (Figures.Argument(args, 0, 8), Figures.Argument(args, 1, 3));
        await using var postgres = await Pgbench.StartAsync();
        if (postgres is null)
            Console.WriteLine("PostgreSQL is not installed: the store alone.");
        Console.WriteLine("| callers | batch | store ops/s | pgbench -N tps | ratio | to reach |");
        Console.WriteLine("|---|---|---|---|---|---|");
        var rows = new List<Action>();
        foreach (var (callers, batch, reach) in new[] { (1, 512, ""), (64, 1, ""), (64, 512, "1.1"), (256, 512, "1.5") })
        {
            var ours = new List<double>();
            var theirs = new List<double>();
            for (var i = 0; i < rounds; i++)
            {
                ours.Add(await MeasureAsync(callers, batch, TimeSpan.FromSeconds(seconds)));
                if (postgres is not null)
                    theirs.Add(await postgres.MeasureAsync(callers, seconds));
            }
            var (a, b) = (Figures.Median(ours), theirs.Count == 0 ? double.NaN : Figures.Median(theirs));
            Console.WriteLine($"| {callers} | {batch} | {a:0} | {b:0} | {a / b:0.00} | {reach} |");
            if (reach.Length > 0)
                rows.Add(() => Figures.Print("P2b", $"store operations alone (read a plug, update it, insert an order), {callers} callers", $"`pgbench -N` with {callers} clients", $"{a:N0} ops/s and {b:N0} tps", $"{a / b:0.00}", reach));
        }
        Figures.PrintHead();
        rows.ForEach(row => row());
        return 0;
    }

    private static async Task<double> MeasureAsync(int callers, int maxBatch, TimeSpan duration)
    {
        var directory = Directory.CreateTempSubdirectory("charging-bench-");
        try
        {
            await using var store = new LiteDbStore(
                directory.FullName, BenchTables.All, [], [], TimeProvider.System, new LiteDbOptions { MaxBatch = maxBatch }, NullLogger<LiteDbStore>.Instance);
            await store.RunAsync(t =>
            {
                for (var i = 0; i < Plugs; i++)
                    t.Put(BenchTables.Plugs, new BenchPlug(PlugKey(i), "idle", null, 0, t.Now));
                return ValueTask.FromResult(true);
            });
            await LoadAsync(store, callers, TimeSpan.FromSeconds(1));
            return await LoadAsync(store, callers, duration);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<double> LoadAsync(LiteDbStore store, int callers, TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            var count = 0;
            for (; clock.Elapsed < duration; count++)
                await PlaceOrderAsync(store, PlugKey(random.Next(Plugs)), $"139{caller:00000000}");
            return count;
        })));
        return counts.Sum() / clock.Elapsed.TotalSeconds;
    }

    internal static Task<long> PlaceOrderAsync(LiteDbStore store, string plugKey, string phone) => store.RunAsync(async t =>
    {
        var plug = await t.GetAsync(BenchTables.Plugs, plugKey) ?? throw new InvalidOperationException($"no plug {plugKey}");
        var number = await t.NextNumberAsync("orders");
        var orderNo = $"{t.Now:yyyyMMdd}{number:00000000}";
        t.Put(BenchTables.Plugs, plug with { State = "reserved", OrderNo = orderNo, Uses = plug.Uses + 1, Since = t.Now });
        t.Put(BenchTables.Orders, new BenchOrder(orderNo, phone, plugKey, "Reserved", 100, 60, t.Now));
        return number;
    });

    internal static string PlugKey(int i) => $"{i / 10:0000000000}/{i % 10}";
}

internal sealed record BenchPlug(string Key, string State, string? OrderNo, long Uses, DateTimeOffset Since);

internal sealed record BenchOrder(string OrderNo, string Phone, string Plug, string State, long AmountFen, int Minutes, DateTimeOffset At);

[JsonSerializable(typeof(BenchPlug))]
[JsonSerializable(typeof(BenchOrder))]
internal sealed partial class BenchJson : JsonSerializerContext;

internal static class BenchTables
{
    public static readonly Table<BenchPlug> Plugs = new("plugs", BenchJson.Default.BenchPlug, p => p.Key);
    public static readonly Table<BenchOrder> Orders = new("orders", BenchJson.Default.BenchOrder, o => o.OrderNo);
    public static readonly Index<BenchOrder> ByPhone = Orders.Index("phone", o => $"{o.Phone}|{o.At:yyyyMMddHHmmssfff}");

    public static readonly IReadOnlyList<ITable> All = [Plugs, Orders];
}
