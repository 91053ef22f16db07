using System.Diagnostics;
using Charging.Testing;

namespace Charging.Reliability.Nodes;

/// <summary>
/// Two nodes under load, and in turn: a node is killed, PostgreSQL breaks down, the broker is restarted, a node is cut off from
/// either, a node is told to stop, a node hangs. Afterwards nothing is lost, nothing was done twice, and every order has ended.
/// </summary>
public static class NodesRun
{
    // What a node that was killed had begun is taken up at the end of its lease; a pile that did not answer is told to stop every 30 s.
    private static readonly TimeSpan LongestEnding = TimeSpan.FromSeconds(150);

    // A statement is given up after 10 s, and 2 s later its connection.
    private static readonly TimeSpan LongHang = TimeSpan.FromSeconds(16);

    private static readonly TimeSpan EndingLook = TimeSpan.FromMilliseconds(500);

    private static readonly (string Name, Func<NodesWorld, Node, Task> Make)[] Kinds =
    [
        ("a node is killed", (_, node) => KillAsync(node)),
        ("PostgreSQL breaks down", (world, _) => BreakStoreAsync(world)),
        ("the broker is restarted", (world, _) => RestartBrokerAsync(world)),
        ("a node is cut off from PostgreSQL", (_, node) => CutAsync(node, node.Store)),
        ("a node is cut off from the broker", (_, node) => CutAsync(node, node.Broker)),
        ("a node is told to stop", (_, node) => StopAsync(node)),
        ("a node hangs on PostgreSQL for long", (_, node) => HangAsync(node)),
    ];

    /// <summary>Runs until something is wrong, or to the end.</summary>
    public static async Task<NodesReport> RunAsync(NodesOptions options)
    {
        var (clock, random, cycle) = (Stopwatch.StartNew(), new Random(options.Seed), 0);
        await using var world = await NodesWorld.OpenAsync(options);
        using var end = new CancellationTokenSource();
        var load = world.LiveAsync(end.Token);
        for (; cycle < options.Cycles && world.Faults.Count == 0; cycle++)
        {
            var (name, make) = Kinds[cycle % Kinds.Length];
            await Task.Delay(random.Next(200, 1000));
            await make(world, world.AnyNode(random));
            foreach (var node in world.Nodes)
                await node.UntilReadyAsync(true);
            options.Progress?.Invoke($"{clock.Elapsed:hh\\:mm\\:ss} {name}: {world.Orders} orders, {world.Charges} charges, {world.InDoubt} calls in doubt.");
        }
        await end.CancelAsync();
        await load;
        await EndAsync(world);
        await world.CheckAsync();
        return new NodesReport(cycle, world.Orders, world.Charges, world.InDoubt, clock.Elapsed, [.. world.Faults]);
    }

    private static async Task KillAsync(Node node)
    {
        await node.Server.KillAsync();
        await node.StartAgainAsync();
    }

    private static async Task StopAsync(Node node)
    {
        await node.Server.TermAsync();
        if (await node.Server.EndAsync() is not 0 and var code)
            throw new InvalidOperationException($"A node that was told to stop ended with {code}.");
        await node.StartAgainAsync();
    }

    private static async Task BreakStoreAsync(NodesWorld world)
    {
        await world.Postgres.CrashAsync();
        foreach (var node in world.Nodes)
            await node.UntilReadyAsync(false);
        await world.Postgres.StartAgainAsync();
    }

    private static async Task RestartBrokerAsync(NodesWorld world)
    {
        await world.Broker.StopAsync();
        foreach (var node in world.Nodes)
            await node.UntilReadyAsync(false);
        await world.Broker.StartAgainAsync();
    }

    private static async Task CutAsync(Node node, TcpProxy wire)
    {
        wire.Cut();
        await node.UntilReadyAsync(false);
        wire.Mend();
    }

    /// <summary>What the node had sent arrives after it has given it up, and after the other node has gone on.</summary>
    private static async Task HangAsync(Node node)
    {
        node.Store.Cut();
        await Task.Delay(LongHang);
        await node.UntilReadyAsync(false);
        node.Store.Mend();
    }

    /// <summary>Without load, every order ends and nothing is due any more.</summary>
    private static async Task EndAsync(NodesWorld world)
    {
        var clock = Stopwatch.StartNew();
        while (await world.OpenAsync() is > 0 and var open)
        {
            if (clock.Elapsed > LongestEnding)
            {
                world.Fault($"{open} orders or dues have not ended {LongestEnding.TotalSeconds} s after the last call.");
                return;
            }
            await Task.Delay(EndingLook);
        }
    }
}
