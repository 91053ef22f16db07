using Charging.Reliability.BrokerLoad;
using Xunit;

namespace Charging.Server.Tests.Nodes;

/// <summary>Two nodes on a real Mosquitto with much to read, and a stop in a jam; the figures are those of bench/counts R13b.</summary>
public sealed class BrokerLoadTests
{
    [Fact]
    public async Task Two_nodes_read_what_is_retained_and_what_is_heavy_and_end_in_a_jam()
    {
        var report = await BrokerLoadRun.RunAsync(statuses: 50, messages: 4);

        Assert.Empty(report.Faults);
        Assert.NotEmpty(report.Rows);
        Assert.Equal(2, report.Ends.Count);
    }
}
