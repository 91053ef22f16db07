using System.Globalization;
using Charging.Reliability.BadInput;
using Charging.Reliability.Crash;

namespace Charging.Reliability;

/// <summary>The index of the reliability runs, which the suite runs at small counts. Not named Program: that is the server.</summary>
internal static class Reliability
{
    public static async Task<int> Main(string[] args) => args switch
    {
        ["kill9", .. var rest] => await KillAsync(rest),
        ["badinput", .. var rest] => await BadInputAsync(rest),
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

    private static async Task<int> BadInputAsync(string[] args)
    {
        var report = await BadInputRun.RunAsync(Read(args, "--count", 1_000_000), Option(args, "--seed"), Console.WriteLine);
        Console.WriteLine(report);
        return report.Faults.Count == 0 ? 0 : 1;
    }

    private static int Read(string[] args, string name, int otherwise) =>
        Option(args, name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static string? Option(string[] args, string name) =>
        Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;

    private static int Usage()
    {
        Console.Error.WriteLine("""
            dotnet run -c Release --project bench/Charging.Reliability -- <what>
              kill9 [--cycles 2000] [--seed 1]            R1: kill -9 under load, restart, compare with what clients were told
              badinput [--count 1000000] [--seed <seed>]  R5: bad input on every route and topic
            """);
        return 1;
    }
}
