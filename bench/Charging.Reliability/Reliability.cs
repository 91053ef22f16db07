using System.Globalization;
using Charging.Reliability.BadInput;
using Charging.Reliability.BrokerLoad;
using Charging.Reliability.Crash;
using Charging.Reliability.Floods;
using Charging.Reliability.HeavyMessages;
using Charging.Reliability.Model;
using Charging.Reliability.Nodes;
using Charging.Server.Storage;
using Charging.Testing;

namespace Charging.Reliability;

/// <summary>The index of the reliability runs, which the suite runs at small counts. Not named Program: that is the server.</summary>
internal static class Reliability
{
    public static async Task<int> Main(string[] args) => args switch
    {
        _ when args.Contains("--help") => Usage(),
        ["kill9", .. var rest] => await KillAsync(rest),
        ["nodes", .. var rest] => await NodesAsync(rest),
        ["node", var url, .. var rest] => await NodeProgram.RunAsync(url, rest),
        ["badinput", .. var rest] => await BadInputAsync(rest),
        ["heavy", .. var rest] => await HeavyAsync(rest),
        ["flood", .. var rest] => await FloodAsync(rest),
        ["flooded", var directory, .. var rest] => await FloodServer.RunAsync(directory, rest),
        ["broker", .. var rest] => await BrokerAsync(rest),
        ["model", .. var rest] => await ModelAsync(rest),
        ["serve", var plant, .. var rest] => await PlantedServer.RunAsync(Enum.Parse<Plant>(plant), rest),
        _ => Usage(),
    };

    private static async Task<int> KillAsync(string[] args)
    {
        var report = await CrashRun.RunAsync(new CrashOptions
        {
            Cycles = Read(args, "--cycles", 2000),
            Seed = Read(args, "--seed", 1),
            Progress = Console.WriteLine,
        });
        Console.WriteLine(report);
        return report.Faults.Count == 0 ? 0 : 1;
    }

    private static async Task<int> NodesAsync(string[] args)
    {
        var report = await NodesRun.RunAsync(new NodesOptions { Cycles = Read(args, "--cycles", 60), Seed = Read(args, "--seed", 1), Progress = Console.WriteLine });
        Console.WriteLine(report);
        return report.Faults.Count == 0 ? 0 : 1;
    }

    private static async Task<int> BadInputAsync(string[] args)
    {
        var report = await BadInputRun.RunAsync(Read(args, "--count", 1_000_000), Option(args, "--seed"), Console.WriteLine);
        Console.WriteLine(report);
        return report.Faults.Count == 0 ? 0 : 1;
    }

    private static async Task<int> HeavyAsync(string[] args)
    {
        try
        {
            var report = await HeavyRun.RunAsync(Engine(args), Read(args, "--messages", 1000), row => Console.WriteLine(row));
            Console.WriteLine(report);
            return report.Faults.Count == 0 ? 0 : 1;
        }
        finally
        {
            await PostgresServer.EndSharedAsync();
        }
    }

    private static async Task<int> FloodAsync(string[] args)
    {
        try
        {
            var faults = 0;
            foreach (var who in Option(args, "--who") is { } given ? [Enum.Parse<Flooder>(given)] : Enum.GetValues<Flooder>())
            {
                var report = await FloodRun.RunAsync(who, Engine(args), TimeSpan.FromSeconds(Read(args, "--seconds", 3600)));
                Console.WriteLine(report);
                faults += report.Faults.Count + report.Slow.Count;
            }
            return faults == 0 ? 0 : 1;
        }
        finally
        {
            await PostgresServer.EndSharedAsync();
        }
    }

    private static async Task<int> BrokerAsync(string[] args)
    {
        var report = await BrokerLoadRun.RunAsync(Read(args, "--statuses", 5000), Read(args, "--messages", 500), Console.WriteLine);
        Console.WriteLine(report);
        return report.Missed.Count == 0 ? 0 : 1;
    }

    private static async Task<int> ModelAsync(string[] args)
    {
        try
        {
            return Model(args);
        }
        finally
        {
            await PostgresServer.EndSharedAsync();
        }
    }

    private static int Model(string[] args)
    {
        var seed = Read(args, "--seed", 1);
        var bug = Option(args, "--bug") is { } name ? Bugs.All.Single(known => known.Name == name) : null;
        var engine = Engine(args);
        if (Option(args, "--trace") is not null)
            return ModelRun.Live(seed, Read(args, "--trace", 0), bug, Console.WriteLine, engine: engine).Count == 0 ? 0 : 1;
        if (args.Contains("--bugs"))
            return FindBugs(seed, Read(args, "--journeys", 10_000), engine);
        var report = ModelRun.Run(Read(args, "--journeys", 100_000), seed, Read(args, "--first", 0), bug, Console.WriteLine, engine);
        Console.WriteLine(report);
        if (report.Failed is { } number)
            Console.WriteLine($"Again, with all that happens: model --engine {engine} --seed {seed} --trace {number}");
        return report.Failed is null ? 0 : 1;
    }

    private static int FindBugs(int seed, int journeys, StoreEngine engine)
    {
        var missed = 0;
        Console.WriteLine("\n| planted bug | found in journey | by |\n|---|---|---|");
        foreach (var bug in engine == StoreEngine.PostgreSql ? Bugs.OnPostgreSql : Bugs.All)
        {
            var report = ModelRun.Run(journeys, seed, bug: bug, engine: engine);
            missed += report.Failed is null ? 1 : 0;
            Console.WriteLine($"| {bug} | {report.Failed?.ToString(CultureInfo.InvariantCulture) ?? "none"} | {report.Faults.FirstOrDefault()?.Split('\n')[0]} |");
        }
        return missed;
    }

    private static StoreEngine Engine(string[] args) => Option(args, "--engine") is { } given ? Enum.Parse<StoreEngine>(given) : StoreEngine.LiteDb;

    private static int Read(string[] args, string name, int otherwise) =>
        Option(args, name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static string? Option(string[] args, string name) =>
        Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;

    private static int Usage()
    {
        Console.Error.WriteLine("""
            dotnet run -c Release --project bench/Charging.Reliability -- <what>
              kill9 [--cycles 2000] [--seed 1]            R1: kill -9 under load, restart, compare with what clients were told
              model [--journeys 100000] [--seed 1] [--first 0]
                                                          R2: generated journeys on a seeded scheduler and simulated time
              model --engine PostgreSql --journeys 5000   the same on a PostgreSQL, which is started for it
              model --seed 1 --trace <number> [--bug <name>]
                                                          one journey of these, with all that happens
              model --bugs [--journeys 10000]             in which journey each planted bug is found
              nodes [--cycles 60] [--seed 1]              two nodes, of which one or what they share fails in turn
              heavy [--messages 1000] [--engine LiteDb]   R13: the heaviest messages of one pile, and what honest riders notice of them
              flood [--seconds 3600] [--who Rider|Address|Key] [--engine LiteDb]
                                                          R13: one rider, one address, one key that does as much as it may
              broker [--statuses 5000] [--messages 500]   two nodes on Mosquitto and PostgreSQL: many retained statuses, heavy messages, a stop in a jam
              badinput [--count 1000000] [--seed <seed>]  R5: bad input on every route and topic
            """);
        return 1;
    }
}
