namespace Charging.Bench;

/// <summary>
/// P6: from the start command to its result while a fleet is connected and heard once a minute, against a server with one pile,
/// in turn: what a rider waits for, from the payment to power, with all that is written to disk meanwhile; and a command that
/// writes nothing, from the server to the pile and back.
/// </summary>
internal static class CommandBench
{
    private const int Commands = 500;

    public static async Task<int> RunAsync(string[] args)
    {
        var (piles, seconds, rounds) = (Figures.Argument(args, 0, 10_000), Figures.Argument(args, 1, 10), Figures.Argument(args, 2, 5));
        await using var stand = await FleetStand.StartAsync(piles);
        await stand.ConnectAsync(piles);
        var (starts, commands) = (new List<Pair>(), new List<Pair>());
        Console.WriteLine("| round | start p99 ms, one pile | with the fleet | p50 | with | command p99 ms, one pile | with the fleet | p50 | with |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        // The first round is for compiling.
        for (var round = 0; round <= rounds; round++)
        {
            var start = await InTurnAsync(stand, seconds, side => side.StartChargesAsync(TimeSpan.FromSeconds(1)));
            var command = await InTurnAsync(stand, seconds, side => side.CommandAsync(Commands));
            if (round == 0)
                continue;
            starts.Add(start);
            commands.Add(command);
            Console.WriteLine($"| {round} | {start.Cells} | {command.Cells} |");
        }
        Figures.PrintHead();
        Print("P6", $"from the payment to power, {piles:N0} piles connected, {FleetStand.Riders} riders", starts);
        Print("", "a command that writes nothing, up to its result", commands);
        return 0;
    }

    // A second each, for the disk is not the same from one to the next.
    private static async Task<Pair> InTurnAsync(FleetStand stand, int times, Func<FleetStand.Side, Task<Latencies>> measure)
    {
        var (alone, crowded) = (new List<Latencies>(), new List<Latencies>());
        for (var i = 0; i < times; i++)
        {
            alone.Add(await measure(stand.Alone));
            crowded.Add(await measure(stand.Crowded));
        }
        return new Pair(Latencies.Of(alone), Latencies.Of(crowded));
    }

    private static void Print(string name, string what, List<Pair> pairs)
    {
        var (alone, crowded) = (Figures.Median(pairs.Select(pair => pair.Alone.P99)), Figures.Median(pairs.Select(pair => pair.Crowded.P99)));
        Figures.Print(name, what, "the same with one pile", $"p99 of {crowded:0.00} and {alone:0.00} ms", $"{crowded / alone:0.00}", "2");
    }

    private sealed record Pair(Latencies Alone, Latencies Crowded)
    {
        public string Cells => $"{Alone.P99:0.00} | {Crowded.P99:0.00} | {Alone.P50:0.00} | {Crowded.P50:0.00}";
    }
}
