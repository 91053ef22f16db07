namespace Charging.Bench;

/// <summary>
/// P10: P1's read and P2's orders against Fastify, aedes and SQLite with the same routes and no ledger: the same load on each,
/// in turn, on fresh servers. Its piles write JSON, which that runtime reads fastest.
/// </summary>
internal static class PeerBench
{
    public static async Task<int> RunAsync(string[] args)
    {
        var (seconds, rounds) = (Figures.Argument(args, 0, 10), Figures.Argument(args, 1, 3));
        await Peer.InstallAsync();
        var (reads, orders) = (new List<(double Ours, double Theirs)>(), new List<(double Ours, double Theirs)>());
        Console.WriteLine("| round | our reads/s | the peer's | our orders/s | the peer's |");
        Console.WriteLine("|---|---|---|---|---|");
        for (var round = 1; round <= rounds; round++)
        {
            reads.Add((await ReadAsync(StartOursAsync, seconds), await ReadAsync(Peer.StartAsync, seconds)));
            orders.Add((await OrderAsync(StartOursAsync, json: false, seconds), await OrderAsync(Peer.StartAsync, json: true, seconds)));
            Console.WriteLine($"| {round} | {reads[^1].Ours:N0} | {reads[^1].Theirs:N0} | {orders[^1].Ours:N0} | {orders[^1].Theirs:N0} |");
        }
        Figures.PrintHead();
        Print("P10", "getPileStatus, 32 connections", reads, "requests/s", "1.3");
        Print("", $"whole durable orders, {OrderBench.Riders} riders at once", orders, "orders/s", "2");
        return 0;
    }

    private static async Task<double> ReadAsync(Func<int, int, Task<ServerProcess>> start, int seconds)
    {
        using var server = await start(1, 1);
        using var load = await OrderLoad.ConnectAsync(server.Facts, json: true);
        await WarmUp.RunAsync(part => ReadBench.GetPileStatusAsync(server.Facts, (int)part.TotalSeconds));
        return await ReadBench.GetPileStatusAsync(server.Facts, seconds);
    }

    private static async Task<double> OrderAsync(Func<int, int, Task<ServerProcess>> start, bool json, int seconds)
    {
        using var server = await start(OrderBench.Riders, OrderLoad.PilesFor(OrderBench.Riders));
        return await OrderBench.MeasureAsync(server.Facts, seconds, json);
    }

    private static Task<ServerProcess> StartOursAsync(int riders, int piles) => ServerProcess.StartAsync(riders, piles);

    private static void Print(string name, string what, List<(double Ours, double Theirs)> rounds, string unit, string reach)
    {
        var (ours, theirs) = (Figures.Median(rounds.Select(round => round.Ours)), Figures.Median(rounds.Select(round => round.Theirs)));
        Figures.Print(name, what, "Fastify, aedes and SQLite (WAL, synchronous=FULL), no ledger", $"{ours:N0} and {theirs:N0} {unit}", $"{ours / theirs:0.0}", reach);
    }
}
