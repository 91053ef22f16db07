using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Charging.Bench;

/// <summary>
/// P1: getPileStatus through JSON transcoding with its token check, against the same JSON from a bare minimal-API endpoint of
/// the same process without any check. 32 connections of wrk, in turn.
/// </summary>
internal static partial class ReadBench
{
    public static async Task<int> RunAsync(string[] args)
    {
        var (seconds, rounds) = (Figures.Argument(args, 0, 8), Figures.Argument(args, 1, 5));
        using var server = await ServerProcess.StartAsync(riders: 1, piles: 1);
        var device = server.Facts.Piles.Keys.Single();
        using var pile = new BenchPile(device);
        await pile.ConnectAsync(server.Facts.MqttPort, server.Facts.Piles[device]);
        var (ours, bare) = (new List<double>(), new List<double>());
        for (var round = -1; round < rounds; round++)
        {
            var a = await GetPileStatusAsync(server.Facts, seconds);
            var b = await WrkAsync(server.Facts, "/bare", seconds);
            if (round < 0)
                continue;
            ours.Add(a);
            bare.Add(b);
        }
        var (x, y) = (Figures.Median(ours), Figures.Median(bare));
        Figures.PrintHead();
        Figures.Print("P1", "getPileStatus over JSON with its token check, 32 connections", "the same JSON from a bare minimal-API endpoint of the same process", $"{x:N0} and {y:N0} requests/s", $"{x / y:0.00}", "0.70");
        return 0;
    }

    /// <summary>Answers to getPileStatus a second, on 32 connections.</summary>
    internal static Task<double> GetPileStatusAsync(ServerFacts facts, int seconds) => WrkAsync(facts, "/wechat/smallapplet/getPileStatus", seconds);

    private static async Task<double> WrkAsync(ServerFacts facts, string path, int seconds)
    {
        var body = $$$"""{"body":{"deviceNo":"{{{facts.Piles.Keys.First()}}}"}}""";
        var script = Path.GetTempFileName();
        await File.WriteAllTextAsync(script, $"""
            wrk.method = "POST"
            wrk.body = '{body}'
            wrk.headers["Content-Type"] = "application/json"
            wrk.headers["Authorization"] = "{facts.Tokens[0]}"
            """);
        try
        {
            using var wrk = Process.Start(new ProcessStartInfo(
                "wrk", ["-t1", "-c32", $"-d{seconds}s", "-s", script, $"http://127.0.0.1:{facts.HttpPort}{path}"])
            {
                RedirectStandardOutput = true,
            })!;
            var report = await wrk.StandardOutput.ReadToEndAsync();
            if (report.Contains("Non-2xx", StringComparison.Ordinal))
                throw new InvalidOperationException(report);
            return double.Parse(Rate().Match(report).Groups[1].Value, CultureInfo.InvariantCulture);
        }
        finally
        {
            File.Delete(script);
        }
    }

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)")]
    private static partial Regex Rate();
}
