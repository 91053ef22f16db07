using System.CommandLine;
using System.Globalization;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Cards;

/// <summary>`cards issue`.</summary>
internal static class Issue
{
    private const int MostAtOnce = 200;

    private static readonly Argument<string[]> Numbers = new("card-no")
    {
        Description = "Card numbers, by default of 9 digits.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<int> Count = new Option<int>("--count")
    {
        Description = "With one number: issues that many, counting up from it.",
        DefaultValueFactory = _ => 1,
    }.InRange(1, 100_000);

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("issue", "Issues virtual cards, which riders can then bind. What was issued before stays as it is.") { Numbers, Count }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var numbers = Series(session.Parse.GetValue(Numbers)!, session.Parse.GetValue(Count));
        var answer = new IssueCardsResponse();
        foreach (var some in numbers.Chunk(MostAtOnce))
            answer.Issued += (await session.Cards.IssueCardsAsync(new IssueCardsRequest { CardNos = { some } }, cancellationToken: cancel)).Issued;
        session.Write(answer, console => console.Line($"{answer.Issued} issued, {numbers.Count - answer.Issued} had been issued before."));
        return 0;
    }

    private static IReadOnlyCollection<string> Series(string[] named, int count)
    {
        if (count == 1)
            return [.. named.Distinct()];
        if (named is not [var first] || first.Length > 16 || !long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from))
            throw new CliException("--count counts up from one number of at most 16 digits: give exactly one.");
        return [.. Enumerable.Range(0, count).Select(i => (from + i).ToString($"D{first.Length}", CultureInfo.InvariantCulture))];
    }
}
