using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Charging.Server.ApiDocs;

/// <summary>
/// The OpenAPI document as one page that a browser shows without any script: nothing is fetched from elsewhere, and the
/// page works under a policy that allows nothing but its own style sheet.
/// </summary>
internal static class ApiPage
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the page.</summary>
    public static string Write(JsonObject document)
    {
        var html = new StringBuilder();
        var operations = document["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(o => (Path: path.Key, Verb: o.Key, Operation: o.Value!.AsObject())))
            .ToLookup(o => Text(o.Operation["tags"]![0]));
        html.Append($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{Escape(Text(document["info"]!["title"]))} API</title>
            <link rel="stylesheet" href="/docs/style.css">
            </head>
            <body>
            <header>
            <h1>{Escape(Text(document["info"]!["title"]))} API <small>{Escape(Text(document["info"]!["version"]))}</small></h1>
            <p>{Escape(Text(document["info"]!["description"]))} For programs: <a href="/openapi/v1.json">openapi/v1.json</a>.</p>
            </header>
            <nav>

            """);
        foreach (var tag in document["tags"]!.AsArray())
            WriteContents(html, Text(tag!["name"]), operations[Text(tag["name"])]);
        html.Append("</nav>\n<main>\n");
        foreach (var tag in document["tags"]!.AsArray())
        {
            html.Append($"<section><h2>{Escape(Text(tag!["name"]))}</h2>{Paragraphs(Text(tag["description"]))}\n");
            foreach (var (path, verb, operation) in operations[Text(tag["name"])])
                WriteOperation(html, path, verb, operation);
            html.Append("</section>\n");
        }
        WriteSchemas(html, document["components"]!["schemas"]!.AsObject());
        return html.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static void WriteContents(StringBuilder html, string tag, IEnumerable<(string Path, string Verb, JsonObject Operation)> operations)
    {
        html.Append($"<h3>{Escape(tag)}</h3><ul>\n");
        foreach (var (path, _, operation) in operations)
            html.Append($"""<li><a href="#{Escape(Text(operation["operationId"]))}">{Escape(path[(path.LastIndexOf('/') + 1)..])}</a></li>""");
        html.Append("</ul>\n");
    }

    private static void WriteOperation(StringBuilder html, string path, string verb, JsonObject operation)
    {
        html.Append($"""
            <article id="{Escape(Text(operation["operationId"]))}">
            <h3><span class="verb">{Escape(verb.ToUpperInvariant())}</span> <code>{Escape(path)}</code></h3>
            {Paragraphs(Text(operation["description"]))}
            <p class="key">{Security(operation)}</p>

            """);
        if (operation["parameters"] is JsonArray parameters)
            WriteRows(html, "Parameters", parameters.Select(p => ($"{Text(p!["name"])} ({Text(p["in"])})", p["schema"], Text(p["description"]))));
        if (operation["requestBody"]?["content"]?["application/json"] is JsonObject body)
            html.Append($"<h4>Request {TypeOf(body["schema"])}</h4><pre>{Json(body["example"])}</pre>\n");
        foreach (var (status, response) in operation["responses"]!.AsObject())
        {
            var content = response!["content"]!["application/json"]!;
            html.Append($"<h4>Answer {Escape(status)} {TypeOf(content["schema"])}</h4><p>{Escape(Text(response["description"]))}</p>\n");
            if ((content["example"] ?? content["examples"]?["200"]?["value"]) is { } example)
                html.Append($"<pre>{Json(example)}</pre>\n");
        }
        html.Append("</article>\n");
    }

    private static void WriteSchemas(StringBuilder html, JsonObject schemas)
    {
        html.Append("<section><h2>Messages</h2>\n");
        foreach (var (name, schema) in schemas)
        {
            html.Append($"""<article id="{Escape(name)}"><h3><code>{Escape(name)}</code></h3>{Paragraphs(Text(schema!["description"]))}""");
            if (schema["properties"] is JsonObject { Count: > 0 } properties)
                WriteRows(html, "Fields", properties.Select(p => (p.Key, p.Value, Text(p.Value!["description"]))));
            html.Append("</article>\n");
        }
        html.Append("</section>\n");
    }

    private static void WriteRows(StringBuilder html, string caption, IEnumerable<(string Name, JsonNode? Schema, string Description)> rows)
    {
        html.Append($"<h4>{caption}</h4><table>\n");
        foreach (var (name, schema, description) in rows)
            html.Append($"<tr><th><code>{Escape(name)}</code></th><td>{TypeOf(schema)}</td><td>{Escape(description)}</td></tr>\n");
        html.Append("</table>\n");
    }

    private static string TypeOf(JsonNode? schema) => schema switch
    {
        JsonObject o when o["$ref"] is { } reference && Text(reference).Split('/')[^1] is var name => $"""<a href="#{Escape(name)}">{Escape(name.Split('.')[^1])}</a>""",
        JsonObject o when o["allOf"] is JsonArray all => TypeOf(all[0]),
        JsonObject o when o["items"] is { } items => $"list of {TypeOf(items)}",
        JsonObject o when o["type"] is { } type => Escape(Text(o["format"]) is { Length: > 0 } format ? $"{Text(type)} ({format})" : Text(type)),
        _ => "any",
    };

    private static string Security(JsonObject operation) => operation["security"] switch
    {
        JsonArray { Count: > 0 } needs when needs[0]!.AsObject().ContainsKey("operatorKey") => "Needs an operator key.",
        JsonArray { Count: > 0 } => "Needs a rider's token.",
        _ => "Needs no token.",
    };

    /// <summary>Paragraphs, lists and tables, as the comments and the codes have them.</summary>
    private static string Paragraphs(string text) => string.Concat(text.Split("\n\n").Where(p => p.Length > 0).Select(paragraph =>
    {
        var lines = paragraph.Split('\n');
        if (lines[0].StartsWith("| ", StringComparison.Ordinal))
            return $"<table>{string.Concat(lines.Where((_, i) => i != 1).Select(line => $"<tr>{string.Concat(line.Trim('|', ' ').Split(" | ").Select(cell => $"<td>{Escape(cell)}</td>"))}</tr>"))}</table>\n";
        return $"<p>{string.Join("<br>", lines.Select(Escape))}</p>\n";
    }));

    private static string Json(JsonNode? node) => Escape(node?.ToJsonString(Readable) ?? "");

    private static string Text(JsonNode? node) => node?.GetValue<string>() ?? "";

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
