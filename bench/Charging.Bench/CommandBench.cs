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
        var (starts, commands) = (new List<FleetStand.Pair>(), new List<FleetStand.Pair>());
        Console.WriteLine("| round | start p99 ms, one pile | with the fleet | p50 | with | command p99 ms, one pile | with the fleet | p50 | with |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        // The first round is for compiling.
        for (var round = 0; round <= rounds; round++)
        {
            var start = await stand.InTurnAsync(seconds, side => side.StartChargesAsync(TimeSpan.FromSeconds(1)));
            var command = await stand.InTurnAsync(seconds, side => side.CommandAsync(Commands));
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

    private static void Print(string name, string what, List<FleetStand.Pair> pairs)
    {
        var (alone, crowded) = (Figures.Median(pairs.Select(pair => pair.Alone.P99)), Figures.Median(pairs.Select(pair => pair.Crowded.P99)));
        Figures.Print(name, what, "the same with one pile", $"p99 of {crowded:0.00} and {alone:0.00} ms", $"{crowded / alone:0.00}", "2");
    }
}
