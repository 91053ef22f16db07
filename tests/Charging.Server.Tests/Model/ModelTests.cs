using System.Globalization;
using Charging.Reliability.Model;
using Charging.Server.Storage;
using Xunit;

namespace Charging.Server.Tests.Model;

/// <summary>R2 at a small count. `bench/Charging.Reliability model` is the same at any.</summary>
public sealed class ModelTests
{
    private static readonly int Journeys = int.Parse(Environment.GetEnvironmentVariable("CHARGING_JOURNEYS") ?? "300", CultureInfo.InvariantCulture);

    private static readonly int JourneysOnPostgreSql = int.Parse(Environment.GetEnvironmentVariable("CHARGING_JOURNEYS_POSTGRESQL") ?? "12", CultureInfo.InvariantCulture);

    public static TheoryData<string> BugNames => [.. Bugs.All.Select(bug => bug.Name)];

    [Fact]
    public void Every_invariant_holds_whatever_riders_piles_the_provider_and_crashes_do()
    {
        var seed = Environment.TickCount;
        var report = ModelRun.Run(Journeys, seed);
        Assert.True(report.Failed is null, $"model --seed {seed} --trace {report.Failed}: {report}");
        // Much of everything has happened.
        string[] wanted =
        [
            "phone settled", "phone refunded", "phone expired", "card settled", "balance settled", "balance refunded", "top-up credited", "top-up closed",
            "prepaid", "refunds", "answered 4000", "balance answered 3007", "stop answered 200", "hostile acts", "records that cannot be", "late records",
        ];
        foreach (var what in wanted)
            Assert.True(report.Tally.GetValueOrDefault(what) > Journeys / 50, $"Hardly ever '{what}': {report}");
        Assert.True(report.Tally["servers"] > Journeys * 1.2, $"Hardly any crashes: {report}");
    }

    [Fact]
    public void The_same_journey_is_the_same_to_the_last_step()
    {
        for (var number = 0; number < 10; number++)
        {
            List<string> once = [];
            List<string> again = [];
            ModelRun.Live(7, number, trace: once.Add);
            ModelRun.Live(7, number, trace: again.Add);
            Assert.Equal(once, again);
        }
    }

    [Fact]
    public void Every_invariant_holds_on_PostgreSql_too()
    {
        var seed = Environment.TickCount;
        var report = ModelRun.Run(JourneysOnPostgreSql, seed, engine: StoreEngine.PostgreSql);
        Assert.True(report.Failed is null, $"model --engine PostgreSql --seed {seed} --trace {report.Failed}: {report}");
        Assert.True(report.Tally.GetValueOrDefault("top-up credited") > 0 && report.Tally["starts obeyed"] > 0, $"Hardly anything happened: {report}");
    }

    [Theory]
    [InlineData("has no unique key for a credit")]
    [InlineData("refunds without a fixed number")]
    [InlineData("does not check a lease")]
    public void A_planted_bug_is_found_on_PostgreSql_too(string name)
    {
        var report = ModelRun.Run(200, bug: Bugs.OnPostgreSql.Single(bug => bug.Name == name), engine: StoreEngine.PostgreSql);
        Assert.True(report.Failed is not null, $"Not found: a server that {name}: {report}");
    }

    [Theory]
    [MemberData(nameof(BugNames))]
    public void A_planted_bug_is_found(string name)
    {
        var report = ModelRun.Run(3000, bug: Bugs.All.Single(bug => bug.Name == name));
        Assert.True(report.Failed is not null, $"Not found: a server that {name}: {report}");
    }
}
