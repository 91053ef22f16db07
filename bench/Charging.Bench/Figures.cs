using System.Globalization;

namespace Charging.Bench;

/// <summary>What the benchmarks make of their rounds, and the row of docs/performance.md in which each says it.</summary>
internal static class Figures
{
    /// <summary>The middle one; of an even number, the upper of the two.</summary>
    public static double Median(IEnumerable<double> rounds)
    {
        var sorted = rounds.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    /// <summary>The value that a share of them does not exceed, of values that are sorted.</summary>
    public static double Percentile(IReadOnlyList<double> sorted, double share) =>
        sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))];

    /// <summary>A number from the command line, or what is taken without it.</summary>
    public static int Argument(string[] args, int index, int otherwise) =>
        args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : otherwise;

    /// <summary>The head of the table that the rows make, and the rule below it.</summary>
    public static void PrintHead() => Console.WriteLine("| | what | against | measured | ratio | to reach |\n|---|---|---|---|---|---|");

    /// <summary>A row of the table; without a name, it goes on with the row above.</summary>
    public static void Print(string name, string what, string against, string measured, string ratio, string reach) =>
        Console.WriteLine($"| {name}{(name.Length > 0 ? " " : "")}| {what} | {against} | {measured} | {ratio} | {reach} |");
}
