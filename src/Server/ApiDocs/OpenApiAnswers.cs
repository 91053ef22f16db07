using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Charging.Server.Calls;

namespace Charging.Server.ApiDocs;

/// <summary>What comes back: the mini-program's envelope with the codes of each route, and the errors of all others.</summary>
internal sealed class OpenApiAnswers
{
    private readonly ILookup<int, string> _messages = typeof(ResultCode).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (ResultCode)field.GetValue(null)!)
        .Append(ResultCode.StartFailed("201912040000000352"))
        .ToLookup(code => code.Code, code => code.Message);

    /// <summary>Whether a route answers in the envelope.</summary>
    public static bool IsEnveloped(ApiOperation operation) => operation.Path.StartsWith(Envelope.Prefix + "/", StringComparison.Ordinal);

    /// <summary>The codes of a route as a table; nothing for a route without.</summary>
    public string CodesOf(ApiOperation operation)
    {
        if (!IsEnveloped(operation))
            return "";
        var rows = Codes(operation).Select(code => string.Create(CultureInfo.InvariantCulture, $"| {code} | {string.Join(", ", _messages[code])} |"));
        return $"\n\n| code | message |\n|---|---|\n{string.Join('\n', rows)}";
    }

    /// <summary>The answer of a route in the envelope, with an example for each code.</summary>
    public JsonObject Enveloped(ApiOperation operation, JsonObject schema)
    {
        var codes = Codes(operation).ToList();
        var examples = new JsonObject { ["200"] = Example(_messages[200].First(), OpenApiSamples.Of(operation.Method.OutputType.Fields.InDeclarationOrder())) };
        foreach (var code in codes.Where(code => code != 200))
        {
            foreach (var (message, number) in _messages[code].Select((message, i) => (message, i)))
            {
                var name = code.ToString(CultureInfo.InvariantCulture) + (number == 0 ? "" : $"-{number + 1}");
                examples[name] = Example(message, new JsonObject { ["success"] = false, ["code"] = code, ["message"] = message });
            }
        }
        var closed = new JsonObject { ["properties"] = new JsonObject { ["code"] = new JsonObject { ["enum"] = new JsonArray([.. codes.Select(code => (JsonNode)code)]) } } };
        return new JsonObject
        {
            ["description"] = "Always HTTP 200; `code` tells what came of it, and a refusal carries no `data`.",
            ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["allOf"] = new JsonArray(schema, closed) }, ["examples"] = examples } },
        };
    }

    /// <summary>The error of everything outside the envelope, as the transcoder writes it.</summary>
    public static JsonObject StatusSchema() => new()
    {
        ["type"] = "object",
        ["description"] = "Why a call was refused.",
        ["required"] = new JsonArray("code", "message", "details"),
        ["properties"] = new JsonObject
        {
            ["code"] = new JsonObject { ["type"] = "integer", ["description"] = "The gRPC status code, such as 3 for INVALID_ARGUMENT." },
            ["message"] = new JsonObject { ["type"] = "string", ["description"] = "A sentence that says what to do." },
            ["details"] = new JsonObject
            {
                ["type"] = "array",
                ["description"] = "For programs: objects with their kind in `@type`, such as google.rpc.ErrorInfo with a reason.",
                ["items"] = new JsonObject { ["type"] = "object" },
            },
        },
    };

    private static IEnumerable<int> Codes(ApiOperation operation)
    {
        var all = RouteCodes.Own.TryGetValue(operation.FullName, out var own) ? RouteCodes.Always.Concat(own) : RouteCodes.Always;
        return all.Where(code => code != 401 || !RouteCodes.WithoutToken.Contains(operation.FullName)).Order();
    }

    private static JsonObject Example(string summary, JsonObject value) => new() { ["summary"] = summary, ["value"] = value };
}
