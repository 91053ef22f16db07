using System.Globalization;
using Charging.Reliability.Crash;
using Xunit;

namespace Charging.Server.Tests.Crash;

/// <summary>R1 at a small count. `bench/Charging.Reliability kill9` is the same at any.</summary>
public sealed class KillTests
{
    private static readonly int Cycles = int.Parse(Environment.GetEnvironmentVariable("CHARGING_CRASHES") ?? "20", CultureInfo.InvariantCulture);

    [Fact]
    public async Task What_clients_were_told_survives_the_kill_of_the_server()
    {
        var report = await CrashRun.RunAsync(new CrashOptions { Cycles = Cycles, Seed = Environment.TickCount });
        Assert.True(report.Faults.Count == 0, report.ToString());
        Assert.Equal(Cycles, report.Cycles);
        Assert.True(report is { Acknowledged: > 0, Orders: > 0, Charges: > 0 }, report.ToString());
    }

    [Theory]
    [InlineData(Plant.EarlyAnswer)]
    [InlineData(Plant.TornLedger)]
    public async Task A_planted_bug_is_found(Plant plant)
    {
        var report = await CrashRun.RunAsync(new CrashOptions { Cycles = 40, Plant = plant });
        Assert.True(report.Faults.Count > 0, $"{plant} was not found: {report}");
    }
}
