using System.Globalization;
using Charging.Reliability.BadInput;
using Xunit;

namespace Charging.Server.Tests.Calls;

/// <summary>R5 at a small count. `bench/Charging.Reliability badinput` is the same at any.</summary>
public sealed class BadInputTests
{
    private static readonly int Inputs = int.Parse(Environment.GetEnvironmentVariable("CHARGING_BAD_INPUTS") ?? "10000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task No_input_on_any_route_or_topic_is_answered_outside_the_contract_or_harms_anybody()
    {
        var report = await BadInputRun.RunAsync(Inputs);
        Assert.True(report.Faults.Count == 0, report.ToString());
        // Enough of it got past the first look.
        Assert.True(report.Codes.Count >= 6 && report.Messages >= (Inputs / 2) - 8, report.ToString());
    }
}
