using System.CommandLine;

namespace Charging.Client.Cli;

/// <summary>Lists that come in pages.</summary>
internal static class Pages
{
    private const int Largest = 200;

    /// <summary>How many rows a list shows.</summary>
    public static Option<int> Limit() => new Option<int>("--limit")
    {
        Description = "Most rows; 0 for all of them.",
        DefaultValueFactory = _ => 50,
        HelpName = "rows",
    }.InRange(0, int.MaxValue);

    /// <summary>Asks for pages until there are enough rows or no more pages.</summary>
    /// <param name="limit">Most rows; 0 for all.</param>
    /// <param name="ask">Asks for a page of a size after a token: answers its rows and the next token.</param>
    /// <returns>The rows, and the token of what was not read; empty when that is nothing.</returns>
    public static async Task<(List<T> Rows, string Unread)> ReadAsync<T>(int limit, Func<int, string, Task<(IEnumerable<T> Rows, string Next)>> ask)
    {
        var (rows, token) = (new List<T>(), "");
        do
        {
            var size = limit == 0 ? Largest : Math.Min(Largest, limit - rows.Count);
            (var page, token) = await ask(size, token);
            rows.AddRange(page);
        }
        while (token.Length > 0 && (limit == 0 || rows.Count < limit));
        return (rows, token);
    }

    /// <summary>What follows a list.</summary>
    public static string Foot(int rows, string rest, string thing) =>
        rest.Length > 0 ? $"{rows} {thing}, and there are more: --limit 0 shows all." : $"{rows} {thing}.";
}
