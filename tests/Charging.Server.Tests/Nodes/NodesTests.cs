using System.Globalization;
using Charging.Reliability.Nodes;
using Xunit;

namespace Charging.Server.Tests.Nodes;

/// <summary>Each fault once. `bench/Charging.Reliability nodes` is the same at any count.</summary>
public sealed class NodesTests
{
    private static readonly int Cycles = int.Parse(Environment.GetEnvironmentVariable("CHARGING_NODE_FAULTS") ?? "7", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Nothing_is_lost_or_done_twice_when_a_node_or_what_nodes_share_fails()
    {
        var report = await NodesRun.RunAsync(new NodesOptions { Cycles = Cycles, Seed = Environment.TickCount });
        Assert.True(report.Faults.Count == 0, report.ToString());
        Assert.True(report is { Orders: > 0, Charges: > 0, InDoubt: > 0 } && report.Cycles == Cycles, report.ToString());
    }
}
