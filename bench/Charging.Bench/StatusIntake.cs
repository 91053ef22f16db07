using System.Diagnostics;
using System.Globalization;
using Charging.Testing;

namespace Charging.Bench;

/// <summary>
/// P4: statuses from 200 piles, decoded and put on a board by our broker, against Mosquitto with one subscriber that receives
/// everything. Server, load and subscriber are processes of their own; the load is the same for both. Each figure is the rate
/// at the receiving end over the measured seconds, the median of the rounds; the two sides take turns.
/// </summary>
public static class StatusIntake
{
    private const int Piles = 200;

    // Under 5 s the JSON parser is still being compiled when other work has the processor.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    /// <summary>Runs the benchmark, or (with a role as first argument) one of its processes.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        switch (args)
        {
            case ["server"]:
                return await StatusServer.RunAsync();
            case ["subscriber", var port, var qos]:
                return await StatusSubscriber.RunAsync(Number(port), Number(qos));
            case ["load", var port, var qos, var form]:
                return await StatusLoad.RunAsync(Number(port), Number(qos), form == "json", Piles);
        }

        var (seconds, rounds) = (Figures.Argument(args, 0, 5), Figures.Argument(args, 1, 3));
        Console.WriteLine($"{Piles} piles, {seconds} s a run after {WarmUp.TotalSeconds} s of warming up, medians of {rounds} rounds, {Environment.ProcessorCount} cores");
        Figures.PrintHead();
        foreach (var (qos, form, reach) in new[] { (1, "binary", "1.1"), (1, "json", "–"), (0, "binary", "2.5"), (0, "json", "–") })
        {
            var ours = new List<double>();
            var theirs = new List<double>();
            for (var round = 0; round < rounds; round++)
            {
                ours.Add(await OursAsync(qos, form, seconds));
                theirs.Add(await MosquittoAsync(qos, form, seconds));
            }

            var (a, b) = (Figures.Median(ours), Figures.Median(theirs));
            Figures.Print("P4", $"pile statuses in, QoS {qos}, decoded and on a board, {Piles} piles, {form}", "Mosquitto with one subscriber that receives everything", $"{a:N0} and {b:N0} messages/s", $"{a / b:0.0}", reach);
        }

        return 0;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static async Task<double> OursAsync(int qos, string form, int seconds)
    {
        using var server = new Role("server");
        var port = Number(await server.AskAsync(null));
        using var load = new Role("load", $"{port}", $"{qos}", form);
        return await MeasureAsync(server, load, seconds);
    }

    private static async Task<double> MosquittoAsync(int qos, string form, int seconds)
    {
        var folder = Directory.CreateTempSubdirectory("charging-bench-");
        var port = FixedPort.Take();
        var config = Path.Combine(folder.FullName, "mosquitto.conf");
        await File.WriteAllTextAsync(config, $"""
            listener {port} 127.0.0.1
            allow_anonymous true
            persistence false
            log_type none
            set_tcp_nodelay true
            max_inflight_messages 0
            max_queued_messages 0
            """);
        using var mosquitto = Process.Start(new ProcessStartInfo("mosquitto", ["-c", config]))!;
        try
        {
            using var subscriber = new Role("subscriber", $"{port}", $"{qos}");
            await subscriber.AskAsync(null);
            using var load = new Role("load", $"{port}", $"{qos}", form);
            return await MeasureAsync(subscriber, load, seconds);
        }
        finally
        {
            mosquitto.Kill();
            await mosquitto.WaitForExitAsync();
            folder.Delete(recursive: true);
        }
    }

    private static async Task<double> MeasureAsync(Role receiver, Role load, int seconds)
    {
        await load.AskAsync(null);
        await Task.Delay(WarmUp);
        var before = await receiver.AskAsync("count");
        var started = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        var after = await receiver.AskAsync("count");
        return (long.Parse(after, CultureInfo.InvariantCulture) - long.Parse(before, CultureInfo.InvariantCulture))
            / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>One of the benchmark's own processes; it says a line when it is ready, and one for each question.</summary>
    private sealed class Role : IDisposable
    {
        private readonly Process _process;

        public Role(params string[] arguments) =>
            _process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["status", .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;

        public async Task<string> AskAsync(string? question)
        {
            if (question is not null)
                await _process.StandardInput.WriteLineAsync(question);
            return await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("A process of the benchmark has ended.");
        }

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
