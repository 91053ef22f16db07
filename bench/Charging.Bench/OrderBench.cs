namespace Charging.Bench;

/// <summary>
/// P2: whole orders, from getOrderNo through mobilePaymentCharging and the pile's result to the acknowledged chargeEnded,
/// 256 riders at once, against the same build with a batch of one operation. Each side is a fresh server, in turn.
/// </summary>
internal static class OrderBench
{
    /// <summary>How many ride at once.</summary>
    internal const int Riders = 256;

    private static readonly int[] Crowds = [1, 4, 16, 64, Riders];

    private static readonly TimeSpan ForThePlot = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(string[] args)
    {
        var (seconds, rounds) = (Figures.Argument(args, 0, 10), Figures.Argument(args, 1, 3));
        var (batched, single) = (new List<double[]>(), new List<double[]>());
        for (var round = 0; round < rounds; round++)
        {
            batched.Add(await MeasureCrowdsAsync(seconds, "--Charging:Store:MaxBatch=512"));
            single.Add(await MeasureCrowdsAsync(seconds, "--Charging:Store:MaxBatch=1"));
            Console.WriteLine($"round {round + 1}: {batched[^1][^1]:0} and {single[^1][^1]:0} orders/s");
        }
        var (a, b) = (Medians(batched), Medians(single));
        Figures.PrintHead();
        Figures.Print("P2", $"whole durable orders, {Riders} riders at once", "the same build with a batch of one operation", $"{a[^1]:N0} and {b[^1]:N0} orders/s", $"{a[^1] / b[^1]:0.0}", "8");
        new Plot("Whole durable orders", "riders at once", "orders a second") { IsLogX = true }
            .Line("group commit", Crowds.Zip(a, (riders, rate) => ((double)riders, rate)))
            .Line("a batch of one", Crowds.Zip(b, (riders, rate) => ((double)riders, rate)))
            .Save("orders", args);
        return 0;
    }

    /// <summary>Whole orders a second of a fresh server.</summary>
    /// <param name="seconds">How long it is measured, after it was warmed up.</param>
    /// <param name="settings">The server's settings.</param>
    internal static async Task<double> MeasureAsync(int seconds, params string[] settings)
    {
        using var server = await ServerProcess.StartAsync(Riders, OrderLoad.PilesFor(Riders), settings);
        return await MeasureAsync(server.Facts, seconds);
    }

    /// <summary>Whole orders a second of a server that has just been started.</summary>
    internal static async Task<double> MeasureAsync(ServerFacts facts, int seconds, bool json = false)
    {
        using var load = await OrderLoad.ConnectAsync(facts, json);
        await load.WarmUpAsync();
        return await load.RunAsync(TimeSpan.FromSeconds(seconds));
    }

    // All riders last, and as long as was asked for: that is the figure, the others are for the plot.
    private static async Task<double[]> MeasureCrowdsAsync(int seconds, string setting)
    {
        using var server = await ServerProcess.StartAsync(Riders, OrderLoad.PilesFor(Riders), setting);
        using var load = await OrderLoad.ConnectAsync(server.Facts);
        await load.WarmUpAsync();
        var rates = new List<double>();
        foreach (var riders in Crowds)
            rates.Add(await load.RunAsync(riders == Riders ? TimeSpan.FromSeconds(seconds) : ForThePlot, riders));
        return [.. rates];
    }

    private static double[] Medians(List<double[]> rounds) => [.. Crowds.Select((_, crowd) => Figures.Median(rounds.Select(rates => rates[crowd])))];
}
