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
        var seconds = args.Length > 0 ? int.Parse(args[0]) : 8;
        var rounds = args.Length > 1 ? int.Parse(args[1]) : 5;
        using var server = await ServerProcess.StartAsync(riders: 1, piles: 1);
        var device = server.Facts.Piles.Keys.Single();
        await using var pile = new BenchPile(device);
        await pile.ConnectAsync(server.Facts.MqttPort, server.Facts.Piles[device]);
        var body = $$$"""{"body":{"deviceNo":"{{{device}}}"}}""";
        var (ours, bare) = (new List<double>(), new List<double>());
        for (var round = -1; round < rounds; round++)
        {
            var a = await WrkAsync(server.Facts, "/wechat/smallapplet/getPileStatus", body, seconds);
            var b = await WrkAsync(server.Facts, "/bare", body, seconds);
            if (round < 0)
                continue;
            ours.Add(a);
            bare.Add(b);
        }
        var (x, y) = (ours.Order().ElementAt(rounds / 2), bare.Order().ElementAt(rounds / 2));
        Console.WriteLine("| getPileStatus, requests/s | bare endpoint, requests/s | ratio | to reach |");
        Console.WriteLine("|---|---|---|---|");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {x:0} | {y:0} | {x / y:0.00} | 0.70 |"));
        return 0;
    }

    private static async Task<double> WrkAsync(ServerFacts facts, string path, string body, int seconds)
    {
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
