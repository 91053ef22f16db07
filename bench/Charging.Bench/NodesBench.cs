using Charging.Testing;

namespace Charging.Bench;

/// <summary>
/// P9: P2's orders on two nodes that share a PostgreSQL and a Mosquitto, against one node with both, in turn, each on a fresh
/// database and broker. The riders at a pile keep to one node; its statuses and results go to both, and its events to either.
/// Nothing is to be reached: on one machine the nodes, the database, the broker and the load have the same cores.
/// </summary>
internal static class NodesBench
{
    public static async Task<int> RunAsync(string[] args)
    {
        var (seconds, rounds) = (Figures.Argument(args, 0, 10), Figures.Argument(args, 1, 3));
        if (!PostgresServer.IsInstalled)
        {
            Console.Error.WriteLine("PostgreSQL is not installed: install the package that Debian calls postgresql.");
            return 1;
        }
        await using var postgres = await PostgresServer.StartAsync("-c max_connections=300");
        var (two, one) = (new List<double>(), new List<double>());
        Console.WriteLine("| round | orders/s, at each of two nodes | at one |");
        Console.WriteLine("|---|---|---|");
        for (var round = 1; round <= rounds; round++)
        {
            var each = await MeasureAsync(postgres, nodes: 2, seconds);
            two.Add(each.Sum());
            one.Add((await MeasureAsync(postgres, nodes: 1, seconds)).Sum());
            Console.WriteLine($"| {round} | {string.Join(" and ", each.Select(rate => $"{rate:N0}"))} | {one[^1]:N0} |");
        }
        var (a, b) = (Figures.Median(two), Figures.Median(one));
        Figures.PrintHead();
        Figures.Print("P9", $"whole durable orders on two nodes that share a PostgreSQL and a Mosquitto, {OrderBench.Riders} riders at once", "one node", $"{a:N0} and {b:N0} orders/s", $"{a / b:0.00}", "–");
        return 0;
    }

    private static async Task<double[]> MeasureAsync(PostgresServer postgres, int nodes, int seconds)
    {
        var servers = new List<ServerProcess>();
        var loads = new List<OrderLoad>();
        await using var broker = await MosquittoServer.StartAsync(logs: "information");
        try
        {
            string[] settings = [.. TestStore.On(await postgres.NewDatabaseAsync()), .. broker.Settings];
            servers.Add(await ServerProcess.StartAsync(OrderBench.Riders, OrderLoad.PilesFor(OrderBench.Riders), settings));
            while (servers.Count < nodes)
                servers.Add(await ServerProcess.StartAsync(riders: 0, piles: 0, settings));
            await broker.LetInAsync(servers[0].Facts.Piles);
            for (var node = 0; node < nodes; node++)
                loads.Add(await OrderLoad.ConnectAsync(Share(servers, node) with { MqttPort = broker.PilePort }));
            await Task.WhenAll(loads.Select(load => load.WarmUpAsync()));
            return await RunAsync(loads, TimeSpan.FromSeconds(seconds));
        }
        finally
        {
            loads.ForEach(load => load.Dispose());
            servers.ForEach(server => server.Dispose());
        }
    }

    private static Task<double[]> RunAsync(List<OrderLoad> loads, TimeSpan duration) =>
        Task.WhenAll(loads.Select(load => load.RunAsync(duration)));

    // Whole piles, so that no rider orders at one node what is plugged in at the other.
    private static ServerFacts Share(List<ServerProcess> servers, int node)
    {
        var (all, own) = (servers[0].Facts, servers[node].Facts);
        var piles = all.Piles.Where((_, pile) => pile % servers.Count == node).ToDictionary();
        var tokens = all.Tokens.Chunk(OrderLoad.PlugsOfAPile).Where((_, pile) => pile % servers.Count == node).SelectMany(some => some);
        return own with { Tokens = [.. tokens], Piles = piles };
    }
}
