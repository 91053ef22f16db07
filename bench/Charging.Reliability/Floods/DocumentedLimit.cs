using System.Globalization;
using System.Text.RegularExpressions;

namespace Charging.Reliability.Floods;

/// <summary>A limit as docs/security.md has it.</summary>
/// <param name="What">What is limited: a row of its tables, or a part of one.</param>
/// <param name="Max">How often.</param>
/// <param name="Answers">What is answered beyond it; empty where the document names no codes.</param>
internal sealed partial record DocumentedLimit(string What, int Max, IReadOnlySet<int> Answers)
{
    private static readonly Dictionary<string, int> Words = new() { ["one"] = 1, ["two"] = 2, ["three"] = 3 };

    /// <summary>The limits of the tables, by what they limit. The parts of a row are told apart by semicolons.</summary>
    public static IReadOnlyDictionary<string, DocumentedLimit> Read() => File.ReadLines(Path.Combine(Repository(), "docs", "security.md"))
        .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
        .Select(line => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries))
        .Where(cells => cells.Length == 3)
        .SelectMany(Parts)
        .DistinctBy(limit => limit.What)
        .ToDictionary(limit => limit.What);

    private static IEnumerable<DocumentedLimit> Parts(string[] cells)
    {
        var (whats, maxima, answers) = (Split(cells[0]), Split(cells[1]), Split(cells[2]));
        for (var part = 0; part < whats.Length; part++)
            yield return new DocumentedLimit(whats[part], Number(maxima[Math.Min(part, maxima.Length - 1)]), Codes(answers[Math.Min(part, answers.Length - 1)]));
    }

    private static string[] Split(string cell) => cell.Split(';', StringSplitOptions.TrimEntries);

    private static int Number(string text) => Digits().Matches(text.Replace(",", "", StringComparison.Ordinal)) is [.., var last]
        ? int.Parse(last.ValueSpan, CultureInfo.InvariantCulture)
        : Words.GetValueOrDefault(text);

    private static HashSet<int> Codes(string text) => [.. Code().Matches(text).Select(code => int.Parse(code.ValueSpan, CultureInfo.InvariantCulture))];

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ChargingGrpc.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The repository with docs/security.md is not above the program.");
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();

    [GeneratedRegex(@"\b\d{3,4}\b")]
    private static partial Regex Code();
}
