using Charging.Reliability.Floods;
using Charging.Server.Storage;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>R13 for some seconds: the answers and the growth. `bench/Charging.Reliability flood` also measures memory and what others notice, for an hour.</summary>
public sealed class AttackerLimitsTests
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(Flooder.Rider)]
    [InlineData(Flooder.Address)]
    [InlineData(Flooder.Key)]
    public async Task One_that_does_as_much_as_it_may_is_answered_as_documented(Flooder who)
    {
        var report = await FloodRun.RunAsync(who, TestStore.IsPostgreSql ? StoreEngine.PostgreSql : StoreEngine.LiteDb, Time);

        Assert.True(report.Faults.Count == 0, report.ToString());
        Assert.True(report.Calls > 100, report.ToString());
    }
}
