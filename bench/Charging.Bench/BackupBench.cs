using System.Diagnostics;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Microsoft.Extensions.Logging.Abstractions;

namespace Charging.Bench;

/// <summary>How long operations wait while a copy is made, against the same load without one, in turn.</summary>
internal static class BackupBench
{
    private const int Callers = 64;
    private const int Slice = 500;

    public static async Task<int> RunAsync(string[] args)
    {
        var rows = args.Length > 0 ? int.Parse(args[0]) : 200_000;
        var rounds = args.Length > 1 ? int.Parse(args[1]) : 3;
        var directory = Directory.CreateTempSubdirectory("charging-bench-");
        try
        {
            await using var store = new LiteDbStore(
                directory.FullName, BenchTables.All, [], [], TimeProvider.System, new LiteDbOptions(), NullLogger<LiteDbStore>.Instance);
            for (var i = 0; i < rows; i += Slice)
                await FillAsync(store, i);
            Console.WriteLine("| round | copied | copy | ops/s without | with | p50 ms without | with | p99 | with | longest | with |");
            Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
            for (var round = 1; round <= rounds; round++)
                await RoundAsync(store, directory.FullName, round);
            return 0;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task RoundAsync(LiteDbStore store, string directory, int round)
    {
        var alone = await LoadAsync(store, Task.Delay(TimeSpan.FromSeconds(5)));
        var began = Stopwatch.GetTimestamp();
        var copying = Task.Run(() => CopyAsync(store, Path.Combine(directory, "copy")));
        var beside = await LoadAsync(store, copying);
        var (seconds, bytes) = (Stopwatch.GetElapsedTime(began).TotalSeconds, await copying);
        Console.WriteLine($"| {round} | {bytes >> 20} MiB | {seconds:0.0} s | {alone.Rate:0} | {beside.Rate:0} | {alone.P50:0.0} | {beside.P50:0.0} | {alone.P99:0} | {beside.P99:0} | {alone.Longest:0} | {beside.Longest:0} |");
    }

    /// <summary>Copies to a file on the same disk, as an operator would, and slowly enough to be seen.</summary>
    private static async Task<long> CopyAsync(LiteDbStore store, string path)
    {
        using var copy = await store.CopyAsync(CancellationToken.None);
        await using var file = new FileStream(path, FileMode.Create);
        var buffer = new byte[128 * 1024];
        while (copy.Read(buffer) is > 0 and var length)
            await file.WriteAsync(buffer.AsMemory(0, length));
        file.Flush(flushToDisk: true);
        return copy.Length;
    }

    private static async Task<(double Rate, double P50, double P99, double Longest)> LoadAsync(LiteDbStore store, Task until)
    {
        var clock = Stopwatch.StartNew();
        var waits = (await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var (random, own) = (new Random(caller), new List<double>());
            while (!until.IsCompleted)
            {
                var began = Stopwatch.GetTimestamp();
                await StoreBench.PlaceOrderAsync(store, StoreBench.PlugKey(random.Next(StoreBench.Plugs)), $"139{caller:00000000}");
                own.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
            return own;
        })))).SelectMany(own => own).Order().ToList();
        return (waits.Count / clock.Elapsed.TotalSeconds, waits[waits.Count / 2], waits[waits.Count * 99 / 100], waits[^1]);
    }

    private static Task<bool> FillAsync(LiteDbStore store, int from) => store.RunAsync(t =>
    {
        for (var i = from; i < from + Slice; i++)
        {
            if (i < StoreBench.Plugs)
                t.Put(BenchTables.Plugs, new BenchPlug(StoreBench.PlugKey(i), "idle", null, 0, t.Now));
            t.Put(BenchTables.Orders, new BenchOrder($"old{i:0000000000}", $"138{i % 5000:00000000}", StoreBench.PlugKey(i % StoreBench.Plugs), "Settled", 100, 60, t.Now));
        }
        return ValueTask.FromResult(true);
    });
}
