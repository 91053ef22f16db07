using System.Diagnostics;
using System.Text.Json;

namespace Charging.Bench;

/// <summary>
/// P8: from the start of the process to its first answer (a page of orders, which needs the token, the store and the list) with
/// 1,000,000 orders, of which the last thousand are unchecked in the ledger, against a server with none, in turn. The files are in
/// the system's cache on both sides.
/// </summary>
internal static class StartBench
{
    private static readonly byte[] FirstPage = JsonSerializer.SerializeToUtf8Bytes(new { pageNum = 1, pageSize = 10 });

    public static async Task<int> RunAsync(string[] args)
    {
        var (orders, rounds) = (Figures.Argument(args, 0, 1_000_000), Figures.Argument(args, 1, 7));
        var full = await SeededStore.OpenAsync(orders, orders / 100);
        var empty = Directory.CreateTempSubdirectory("charging-bench-");
        try
        {
            var token = await SeededStore.MakeEmptyAsync(empty.FullName);
            var (with, without) = (new List<double>(), new List<double>());
            Console.WriteLine("| round | ms with orders | with none |");
            Console.WriteLine("|---|---|---|");
            for (var round = 0; round <= rounds; round++)
            {
                var ours = await MeasureAsync(full.Directory, await SeededStore.ResetAsync(full.Directory, orders));
                var none = await MeasureAsync(empty.FullName, token);
                if (round == 0)
                    continue;
                with.Add(ours);
                without.Add(none);
                Console.WriteLine($"| {round} | {ours:0} | {none:0} |");
            }
            var (a, b) = (Figures.Median(with), Figures.Median(without));
            Figures.PrintHead();
            Figures.Print("P8", $"from process start to the first answer with {orders:N0} orders", "with none", $"{a:0} and {b:0} ms", $"{a / b:0.00}", "1.5");
            return 0;
        }
        finally
        {
            empty.Delete(recursive: true);
        }
    }

    private static async Task<double> MeasureAsync(string directory, string token)
    {
        var began = Stopwatch.GetTimestamp();
        using var server = await ServerProcess.StartOnAsync(directory);
        using var http = new JsonClient(server.Facts.HttpPort);
        await http.ReadAsync("getOrderRecord", FirstPage, token);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
