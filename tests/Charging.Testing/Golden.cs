using System.Text.Json;

namespace Charging.Testing;

/// <summary>
/// A golden file: an example of the document, and the shape of its answer. Blank lines part the blocks:
/// <code>
/// bindCard
/// { "body": { "cardNo": "{cardNo}" } }
///
/// { "success": true, "code": 200, "message": "成功" }
/// </code>
/// The first line names the route. `{name}` in the request is replaced by an issued value. The answer must have exactly the
/// fields of the file, in their order and with their values; the text `&lt;name&gt;` stands for any string, `&lt;name:…&gt;` for
/// one that matches a pattern, and what was found is issued under that name to the examples that follow.
/// </summary>
public sealed class Golden(IDictionary<string, string> issued)
{
    /// <summary>Calls a route with the request of a file and compares the answer.</summary>
    /// <param name="app">The app.</param>
    /// <param name="path">The file.</param>
    /// <param name="token">What goes into `Authorization`.</param>
    /// <returns>What differs, one line each; empty when the answer is as the file says.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(ChargingApp app, string path, string? token = null)
    {
        var text = (await File.ReadAllTextAsync(path)).ReplaceLineEndings("\n");
        var (head, expected) = Cut(text, "\n\n");
        var (route, request) = Cut(head, "\n");
        foreach (var (name, value) in issued)
            request = request.Replace($"{{{name}}}", value);
        var answer = await app.PostAsync(route.Trim(), request.Length == 0 ? null : request, token);
        var differences = new List<string>();
        using var wanted = JsonDocument.Parse(expected);
        using var actual = JsonDocument.Parse(answer.Text);
        Compare("$", wanted.RootElement, actual.RootElement, differences);
        return differences;
    }

    private static (string Before, string After) Cut(string text, string at) =>
        text.IndexOf(at, StringComparison.Ordinal) is var i and >= 0 ? (text[..i], text[(i + at.Length)..].Trim()) : (text, "");

    private void Compare(string path, JsonElement wanted, JsonElement actual, List<string> differences)
    {
        if (wanted.ValueKind == JsonValueKind.String && wanted.GetString() is ['<', .., '>'] pattern)
            Take(path, pattern[1..^1], actual, differences);
        else if (wanted.ValueKind != actual.ValueKind)
            differences.Add($"{path}: {wanted.ValueKind} wanted, is {actual.GetRawText()}");
        else if (wanted.ValueKind == JsonValueKind.Object)
            CompareObjects(path, wanted, actual, differences);
        else if (wanted.ValueKind == JsonValueKind.Array)
            CompareLists(path, [.. wanted.EnumerateArray()], [.. actual.EnumerateArray()], differences);
        else if (!JsonElement.DeepEquals(wanted, actual))
            differences.Add($"{path}: {wanted.GetRawText()} wanted, is {actual.GetRawText()}");
    }

    private void CompareObjects(string path, JsonElement wanted, JsonElement actual, List<string> differences)
    {
        var (names, found) = (Names(wanted), Names(actual));
        if (names != found)
            differences.Add($"{path}: fields {names} wanted, are {found}");
        else
            foreach (var field in wanted.EnumerateObject())
                Compare($"{path}.{field.Name}", field.Value, actual.GetProperty(field.Name), differences);
    }

    private void CompareLists(string path, JsonElement[] wanted, JsonElement[] actual, List<string> differences)
    {
        if (wanted.Length != actual.Length)
            differences.Add($"{path}: {wanted.Length} entries wanted, are {actual.Length}");
        for (var i = 0; i < Math.Min(wanted.Length, actual.Length); i++)
            Compare($"{path}[{i}]", wanted[i], actual[i], differences);
    }

    private void Take(string path, string pattern, JsonElement actual, List<string> differences)
    {
        var (name, form) = Cut(pattern, ":");
        var value = actual.ValueKind == JsonValueKind.String ? actual.GetString()! : null;
        if (value is null || (form.Length > 0 && !System.Text.RegularExpressions.Regex.IsMatch(value, $"^(?:{form})$")))
            differences.Add($"{path}: {pattern} wanted, is {actual.GetRawText()}");
        else
            issued[name] = value;
    }

    private static string Names(JsonElement element) => string.Join(", ", element.EnumerateObject().Select(p => p.Name));
}
