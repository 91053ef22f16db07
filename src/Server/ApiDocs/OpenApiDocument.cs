using System.Reflection;
using System.Text.Json.Nodes;
using Charging.Server.Calls;
using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Charging.Server.ApiDocs;

/// <summary>The OpenAPI 3.1 document of everything that is called as JSON: made from the protos, so it cannot differ from them.</summary>
internal sealed class OpenApiDocument(bool longsAreStrings)
{
    private const string RiderToken = "riderToken";
    private const string OperatorKey = "operatorKey";
    private const string Status = "google.rpc.Status";

    private readonly OpenApiSchemas _schemas = new(longsAreStrings);
    private readonly OpenApiAnswers _answers = new();

    /// <summary>Makes the document.</summary>
    public JsonObject Make(IReadOnlyList<ApiOperation> operations)
    {
        foreach (var operation in operations)
            _schemas.SentByCallers(operation.Method.InputType);
        var paths = new JsonObject();
        foreach (var path in operations.GroupBy(operation => operation.Path))
            paths[path.Key] = new JsonObject(path.Select(operation => KeyValuePair.Create(operation.Verb, (JsonNode?)Describe(operation))));
        var schemas = _schemas.Components;
        schemas[Status] = OpenApiAnswers.StatusSchema();
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Charging",
                ["version"] = typeof(OpenApiDocument).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
                ["description"] = "The API of a charging server. Under /wechat/smallapplet/ every answer is HTTP 200 and tells by its code what came of the call; under /ops/ the HTTP status does.",
                ["license"] = new JsonObject { ["name"] = "Apache-2.0", ["identifier"] = "Apache-2.0" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["tags"] = new JsonArray([.. operations.Select(o => o.Method.Service).DistinctBy(s => s.FullName).Select(Tag)]),
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas, ["securitySchemes"] = SecuritySchemes() },
        };
    }

    private JsonObject Describe(ApiOperation operation)
    {
        var comment = operation.Method.CommentOf();
        var described = new JsonObject
        {
            ["operationId"] = $"{TagOf(operation.Method.Service)}.{operation.Method.Name}",
            ["tags"] = new JsonArray(TagOf(operation.Method.Service)),
            ["summary"] = comment.Split(". ", 2)[0].Split('\n')[0].TrimEnd('.') + ".",
            ["description"] = comment + _answers.CodesOf(operation),
            ["security"] = Security(operation),
        };
        var inQuery = operation.Body.Length == 0 ? QueryFields(operation, operation.Method.InputType, "", 3) : [];
        var parameters = operation.PathFields.Select(field => Parameter("path", field.Key, field.Value)).Concat(inQuery).ToArray<JsonNode>();
        if (parameters.Length > 0)
            described["parameters"] = new JsonArray(parameters);
        if (operation.Body.Length > 0)
            described["requestBody"] = RequestBody(operation);
        described["responses"] = Responses(operation);
        return described;
    }

    private JsonObject RequestBody(ApiOperation operation)
    {
        var input = operation.Method.InputType;
        var (schema, sample) = (operation.Body, operation.PathFields.Count) switch
        {
            ("*", 0) => (_schemas.Of(input), OpenApiSamples.OfRequest(input)),
            ("*", _) => (_schemas.Of(input, Rest(operation)), OpenApiSamples.Of(Rest(operation))),
            var (name, _) => (_schemas.Of(input.FindFieldByName(name)), OpenApiSamples.OfRequest(input.FindFieldByName(name).MessageType)),
        };
        return new JsonObject { ["required"] = true, ["content"] = Json(schema, ("example", sample)) };
    }

    private static IEnumerable<FieldDescriptor> Rest(ApiOperation operation) =>
        operation.Method.InputType.Fields.InDeclarationOrder().Where(field => !operation.PathFields.Values.Contains(field));

    private JsonObject Responses(ApiOperation operation)
    {
        var output = operation.Method.OutputType;
        var schema = operation.ResponseBody.Length > 0 ? _schemas.Of(output.FindFieldByName(operation.ResponseBody)) : _schemas.Of(output);
        if (OpenApiAnswers.IsEnveloped(operation))
            return new JsonObject { ["200"] = _answers.Enveloped(operation, schema) };
        var sample = OpenApiSamples.Of(output.Fields.InDeclarationOrder());
        var what = operation.Method.IsServerStreaming ? "It worked: one such object in a line, and the next with each change." : "It worked.";
        return new JsonObject
        {
            ["200"] = new JsonObject
            {
                ["description"] = what,
                ["content"] = Json(schema, ("example", operation.ResponseBody.Length > 0 ? sample[output.FindFieldByName(operation.ResponseBody).JsonName]?.DeepClone() : sample)),
            },
            ["default"] = new JsonObject
            {
                ["description"] = "It did not: 400 a malformed field, 401 no valid key, 403 not with this key's role, 404 not there, 409 there already or changed meanwhile, 429 too much, 503 try again.",
                ["content"] = Json(new JsonObject { ["$ref"] = $"#/components/schemas/{Status}" }),
            },
        };
    }

    private IEnumerable<JsonObject> QueryFields(ApiOperation operation, MessageDescriptor message, string prefix, int deepest)
    {
        foreach (var field in message.Fields.InDeclarationOrder().Where(field => !operation.PathFields.ContainsKey(prefix + field.JsonName) && !field.IsMap))
        {
            if (field.FieldType != FieldType.Message || field.MessageType.File.Package == "google.protobuf")
                yield return Parameter("query", prefix + field.JsonName, field);
            else if (!field.IsRepeated && deepest > 0)
            {
                foreach (var inner in QueryFields(operation, field.MessageType, $"{prefix}{field.JsonName}.", deepest - 1))
                    yield return inner;
            }
        }
    }

    private JsonObject Parameter(string place, string name, FieldDescriptor field)
    {
        var schema = _schemas.Of(field);
        var parameter = new JsonObject { ["name"] = name, ["in"] = place, ["required"] = place == "path", ["description"] = field.CommentOf(), ["schema"] = schema };
        schema.Remove("description");
        if (place == "path" && OpenApiSamples.ValueOf(field, 1, out var value))
            parameter["example"] = value;
        return parameter;
    }

    private static JsonArray Security(ApiOperation operation) => OpenApiAnswers.IsEnveloped(operation)
        ? RouteCodes.WithoutToken.Contains(operation.FullName) ? [] : new JsonArray(new JsonObject { [RiderToken] = new JsonArray() })
        : new JsonArray(new JsonObject { [OperatorKey] = new JsonArray() });

    private static JsonObject SecuritySchemes() => new()
    {
        [RiderToken] = new JsonObject
        {
            ["type"] = "apiKey",
            ["in"] = "header",
            ["name"] = "Authorization",
            ["description"] = "What register or login answered in `data`, `Bearer …`, sent back unchanged.",
        },
        [OperatorKey] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "An operator key; the first is in operator.key in the server's data directory." },
    };

    private static JsonObject Tag(ServiceDescriptor service) => new() { ["name"] = TagOf(service), ["description"] = service.CommentOf() };

    /// <summary>`miniprogram.OrderService`: the audiences have services of the same names.</summary>
    private static string TagOf(ServiceDescriptor service) =>
        service.File.Package.Split('.') is [_, var audience, ..] ? $"{audience}.{service.Name}" : service.Name;

    private static JsonObject Json(JsonObject schema, (string Name, JsonNode? Value)? example = null)
    {
        var content = new JsonObject { ["schema"] = schema };
        if (example is { } e)
            content[e.Name] = e.Value;
        return new JsonObject { ["application/json"] = content };
    }
}
