namespace Charging.Bench;

/// <summary>
/// P5: what a fleet that is heard once a minute costs the server: memory for each pile, by the resident set after a full
/// collection before and after it connects; and the slowest hundredth of getPileStatus beside a server with one pile, in turn.
/// </summary>
internal static class PileBench
{
    private const int Steps = 5;
    private const int ReachKiB = 30;

    private const int Seconds = 20;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(string[] args)
    {
        var (piles, rounds) = (Figures.Argument(args, 0, 10_000), Figures.Argument(args, 1, 3));
        var found = new List<Round>();
        Console.WriteLine("| round | KiB a pile | RSS before | with the fleet | p99 ms with one pile | with the fleet | p50 ms | with |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        for (var number = 1; number <= rounds; number++)
        {
            found.Add(await MeasureAsync(piles));
            var (grown, reads) = found[^1];
            Console.WriteLine($"| {number} | {KiB(grown, piles):0.0} | {grown[0] >> 20} MiB | {grown[^1] >> 20} MiB | {reads.Cells} |");
        }
        var kib = Figures.Median(found.Select(round => KiB(round.Memory, piles)));
        var (p99, with) = (Figures.Median(found.Select(round => round.Reads.Alone.P99)), Figures.Median(found.Select(round => round.Reads.Crowded.P99)));
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
        await Task.WhenAll(stand.Alone.ReadAsync(WarmUp), stand.Crowded.ReadAsync(WarmUp));
        var memory = new List<long> { await stand.Crowded.Server.MemoryAsync() };
        for (var step = 1; step < Steps; step++)
        {
            await stand.ConnectAsync(piles * step / Steps);
            memory.Add(await stand.Crowded.Server.MemoryAsync());
        }
        await stand.ConnectAsync(piles);
        // Each has been heard again by then.
        await Task.Delay(Fleet.Heartbeat + WarmUp);
        memory.Add(await stand.Crowded.Server.MemoryAsync());
        // So that both begin after a full collection.
        await stand.Alone.Server.MemoryAsync();
        return new Round(memory, await stand.InTurnAsync(Seconds, side => side.ReadAsync(TimeSpan.FromSeconds(1))));
    }

    private static void Draw(int piles, List<Round> found, string[] args)
    {
        var at = Enumerable.Range(0, Steps + 1).Select(step => (Piles: (double)(piles * step / Steps), Step: step)).ToList();
        new Plot("Memory of the server by piles connected", "piles connected", "resident set, MiB")
            .Line("measured", at.Select(point => (point.Piles, Figures.Median(found.Select(round => round.Memory[point.Step] / 1024.0 / 1024)))))
            .Limit($"{ReachKiB} KiB for each pile", at.Select(point => (point.Piles, Figures.Median(found.Select(round => round.Memory[0] / 1024.0 / 1024)) + point.Piles * ReachKiB / 1024)))
            .Save("piles", args);
    }

    private static double KiB(IReadOnlyList<long> memory, int piles) => (memory[^1] - memory[0]) / 1024.0 / piles;

    private sealed record Round(IReadOnlyList<long> Memory, FleetStand.Pair Reads);
}
