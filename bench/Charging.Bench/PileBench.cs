namespace Charging.Bench;

/// <summary>
/// P5: what a fleet that is heard once a minute costs the server: memory for each pile, by the resident set after a full
/// collection before and after it connects; and the slowest hundredth of getPileStatus beside a server with one pile, in turn.
/// </summary>
internal static class PileBench
{
    private const int Steps = 5;
    private const int ReachKiB = 30;

    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(string[] args)
    {
        var (piles, rounds) = (Figures.Argument(args, 0, 10_000), Figures.Argument(args, 1, 3));
        var found = new List<Round>();
        Console.WriteLine("| round | KiB a pile | RSS before | with the fleet | p99 ms with one pile | with the fleet | p50 ms | with |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        for (var number = 1; number <= rounds; number++)
        {
            found.Add(await MeasureAsync(piles));
            var (grown, alone, crowded) = found[^1];
            Console.WriteLine($"| {number} | {KiB(grown, piles):0.0} | {grown[0] >> 20} MiB | {grown[^1] >> 20} MiB | {alone.P99:0.00} | {crowded.P99:0.00} | {alone.P50:0.00} | {crowded.P50:0.00} |");
        }
        var kib = Figures.Median(found.Select(round => KiB(round.Memory, piles)));
        var (p99, with) = (Figures.Median(found.Select(round => round.Alone.P99)), Figures.Median(found.Select(round => round.Crowded.P99)));
        Figures.PrintHead();
        Figures.Print("P5", $"{piles:N0} piles connected, each heard every 60 s: memory", "nothing connected", $"{kib:0.0} KiB a pile", "–", $"{ReachKiB} KiB");
        Figures.Print("", "the p99 of getPileStatus beside them", "one pile connected", $"{with:0.00} and {p99:0.00} ms", $"{with / p99:0.00}", "1.5");
        Draw(piles, found, args);
        return 0;
    }

    private static async Task<Round> MeasureAsync(int piles)
    {
        await using var stand = await FleetStand.StartAsync(piles);
        // Until the code is compiled for good; its memory is not the piles'.
        await Task.WhenAll(stand.Alone.ReadAsync(Slice), stand.Crowded.ReadAsync(Slice));
        var memory = new List<long> { await stand.Crowded.Server.MemoryAsync() };
        for (var step = 1; step < Steps; step++)
        {
            await stand.ConnectAsync(piles * step / Steps);
            memory.Add(await stand.Crowded.Server.MemoryAsync());
        }
        await stand.ConnectAsync(piles);
        // Each has been heard again by then.
        await Task.Delay(Fleet.Heartbeat + Slice);
        memory.Add(await stand.Crowded.Server.MemoryAsync());
        var (alone, crowded) = (new List<Latencies>(), new List<Latencies>());
        for (var slice = 0; slice < 3; slice++)
        {
            alone.Add(await stand.Alone.ReadAsync(Slice));
            crowded.Add(await stand.Crowded.ReadAsync(Slice));
        }
        return new Round(memory, Middle(alone), Middle(crowded));
    }

    private static void Draw(int piles, List<Round> found, string[] args)
    {
        var at = Enumerable.Range(0, Steps + 1).Select(step => (Piles: (double)(piles * step / Steps), Step: step)).ToList();
        new Plot("Memory of the server by piles connected", "piles connected", "resident set, MiB")
            .Line("measured", at.Select(point => (point.Piles, Figures.Median(found.Select(round => round.Memory[point.Step] / 1024.0 / 1024)))))
            .Limit($"{ReachKiB} KiB for each pile", at.Select(point => (point.Piles, Figures.Median(found.Select(round => round.Memory[0] / 1024.0 / 1024)) + point.Piles * ReachKiB / 1024)))
            .Save("piles", args);
    }

    private static Latencies Middle(List<Latencies> slices) => slices.OrderBy(slice => slice.P99).ElementAt(slices.Count / 2);

    private static double KiB(IReadOnlyList<long> memory, int piles) => (memory[^1] - memory[0]) / 1024.0 / piles;

    private sealed record Round(IReadOnlyList<long> Memory, Latencies Alone, Latencies Crowded);
}
