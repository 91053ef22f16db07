using System.Text.Json;

namespace Charging.Bench;

/// <summary>
/// P7: how long getOrderRecord takes for a rider with 10,000 orders among 1,000,000, on the first page and deep in the list,
/// against the first page of a rider with 10 among 1,000: two servers, in turn, a second each.
/// </summary>
internal static class RecordBench
{
    private const int PageSize = 10;
    private const int SmallOrders = 1000;
    private const int SmallOwn = 10;

    public static async Task<int> RunAsync(string[] args)
    {
        var (orders, seconds, rounds) = (Figures.Argument(args, 0, 1_000_000), Figures.Argument(args, 1, 10), Figures.Argument(args, 2, 3));
        // One of each hundred is the rider's own.
        var own = orders / 100;
        await using var big = await Side.StartAsync(await SeededStore.OpenAsync(orders, own));
        await using var small = await Side.StartAsync(await SeededStore.OpenAsync(SmallOrders, SmallOwn));
        var pages = Enumerable.Range(0, 10).Select(power => (int)Math.Pow(10, power)).TakeWhile(page => page <= own / PageSize).ToList();
        var found = new List<Round>();
        Console.WriteLine($"| round | p50 and p99 ms, page 1 of {SmallOwn} | {string.Join(" | ", pages.Select(page => $"page {page:N0} of {own:N0}"))} |");
        Console.WriteLine($"|---|---|{string.Concat(pages.Select(_ => "---|"))}");
        // The first round is for compiling.
        for (var round = 0; round <= rounds; round++)
        {
            var measured = await MeasureAsync(small, big, pages, seconds);
            if (round == 0)
                continue;
            found.Add(measured);
            Console.WriteLine($"| {round} | {Cell(measured.Small)} | {string.Join(" | ", measured.Big.Select(Cell))} |");
        }
        Figures.PrintHead();
        var name = $"getOrderRecord of a rider with {own:N0} orders among {orders:N0}";
        Print("P7", $"{name}, page 1", found, 0);
        Print("", $"page {pages[^1]:N0} of it", found, pages.Count - 1);
        Draw(pages, found, orders, args);
        return 0;
    }

    private static async Task<Round> MeasureAsync(Side small, Side big, List<int> pages, int seconds)
    {
        var (ours, theirs) = (pages.Select(_ => new List<Latencies>()).ToList(), new List<Latencies>());
        for (var second = 0; second < seconds; second++)
        {
            theirs.Add(await small.ReadAsync(1));
            for (var page = 0; page < pages.Count; page++)
                ours[page].Add(await big.ReadAsync(pages[page]));
        }
        return new Round(Latencies.Of(theirs), [.. ours.Select(Latencies.Of)]);
    }

    private static void Print(string name, string what, List<Round> found, int page)
    {
        var (p50, p99) = (Figures.Median(found.Select(round => round.Big[page].P50)), Figures.Median(found.Select(round => round.Big[page].P99)));
        var (small50, small99) = (Figures.Median(found.Select(round => round.Small.P50)), Figures.Median(found.Select(round => round.Small.P99)));
        Figures.Print(name, what, $"page 1 of a rider with {SmallOwn} among {SmallOrders:N0}",
            $"p50 {p50:0.00} and {small50:0.00}, p99 {p99:0.00} and {small99:0.00} ms", $"{p50 / small50:0.00}, {p99 / small99:0.00}", "1.5, 3");
    }

    private static void Draw(List<int> pages, List<Round> found, int orders, string[] args)
    {
        IEnumerable<(double, double)> Over(Func<Round, int, double> value) =>
            pages.Select((page, index) => ((double)page, Figures.Median(found.Select(round => value(round, index)))));
        new Plot($"getOrderRecord of {orders / 100:N0} orders among {orders:N0}", $"page, of {PageSize} orders", "milliseconds") { IsLogX = true }
            .Line("p50", Over((round, page) => round.Big[page].P50))
            .Line("p99", Over((round, page) => round.Big[page].P99))
            .Limit($"p50 of {SmallOwn} among {SmallOrders:N0}", Over((round, _) => round.Small.P50))
            .Limit($"p99 of {SmallOwn} among {SmallOrders:N0}", Over((round, _) => round.Small.P99))
            .Save("records", args);
    }

    private static string Cell(Latencies latencies) => $"{latencies.P50:0.00}, {latencies.P99:0.00}";

    private sealed record Round(Latencies Small, IReadOnlyList<Latencies> Big);

    /// <summary>A server on its orders.</summary>
    private sealed class Side(ServerProcess server, string token) : IAsyncDisposable
    {
        private const int Callers = 4;

        private readonly JsonClient _http = new(server.Facts.HttpPort);

        public static async Task<Side> StartAsync(SeededStore store) => new(await ServerProcess.StartOnAsync(store.Directory), store.Token);

        public Task<Latencies> ReadAsync(int page)
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(new { pageNum = page, pageSize = PageSize });
            return Latencies.MeasureAsync(Callers, TimeSpan.FromSeconds(1), _ => Latencies.TimeAsync(() => _http.ReadAsync("getOrderRecord", body, token)));
        }

        public ValueTask DisposeAsync()
        {
            _http.Dispose();
            server.Dispose();
            return default;
        }
    }
}
