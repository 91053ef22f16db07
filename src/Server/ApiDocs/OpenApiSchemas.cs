using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;

namespace Charging.Server.ApiDocs;

/// <summary>
/// Messages as JSON schemas, each described once under `components` and named there by its full name without `charging.`.
/// What they look like is the transcoder's doing: camel case, enums by name, times as text, fields of an answer all there.
/// </summary>
/// <param name="longsAreStrings">Whether the transcoder writes 64-bit numbers as strings.</param>
internal sealed class OpenApiSchemas(bool longsAreStrings)
{
    private readonly SortedDictionary<string, JsonNode> _components = new(StringComparer.Ordinal);
    private readonly HashSet<string> _requests = [];

    /// <summary>What was described so far.</summary>
    public JsonObject Components => new(_components.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value)));

    /// <summary>Notes that a message is sent by callers, who may leave any field out.</summary>
    public void SentByCallers(MessageDescriptor message)
    {
        if (!_requests.Add(message.FullName))
            return;
        foreach (var field in message.Fields.InDeclarationOrder().Where(field => field.FieldType == FieldType.Message))
            SentByCallers(field.MessageType);
    }

    /// <summary>A message; by reference where it is one of ours.</summary>
    public JsonObject Of(MessageDescriptor message) => WellKnown(message) ?? Reference(NameOf(message), name => _components[name] = Describe(message));

    /// <summary>Some fields of a message, in place.</summary>
    public JsonObject Of(MessageDescriptor message, IEnumerable<FieldDescriptor> fields)
    {
        var all = fields.ToList();
        var schema = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject(all.Select(f => KeyValuePair.Create(f.JsonName, (JsonNode?)Of(f)))) };
        if (!_requests.Contains(message.FullName) && all.Where(IsAlwaysWritten).Select(f => (JsonNode)f.JsonName).ToArray() is { Length: > 0 } required)
            schema["required"] = new JsonArray(required);
        return schema;
    }

    /// <summary>A field, with its comment.</summary>
    public JsonObject Of(FieldDescriptor field)
    {
        var schema = field switch
        {
            { IsMap: true } => new JsonObject { ["type"] = "object", ["additionalProperties"] = One(field.MessageType.FindFieldByNumber(2)) },
            { IsRepeated: true } => new JsonObject { ["type"] = "array", ["items"] = One(field) },
            _ => One(field),
        };
        if (field.CommentOf() is { Length: > 0 } comment)
            schema["description"] = comment;
        return schema;
    }

    private JsonObject One(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message or FieldType.Group => Of(field.MessageType),
        FieldType.Enum => Of(field.EnumType),
        FieldType.Bool => Type("boolean"),
        FieldType.String => Type("string"),
        FieldType.Bytes => Type("string", ("contentEncoding", "base64")),
        FieldType.Double or FieldType.Float => Type("number"),
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => Type("integer", ("format", "int32")),
        FieldType.UInt32 or FieldType.Fixed32 => Type("integer", ("minimum", 0)),
        _ => longsAreStrings ? Type("string", ("pattern", "^-?[0-9]+$")) : Type("integer", ("format", "int64")),
    };

    private JsonObject Of(EnumDescriptor type) => Reference(NameOf(type), name => _components[name] = new JsonObject
    {
        ["type"] = "string",
        ["enum"] = new JsonArray([.. type.Values.Select(value => (JsonNode)value.Name)]),
        ["description"] = string.Join('\n', type.Values.Select(value => $"- {value.Name}: {value.CommentOf()}").Prepend(type.CommentOf())),
    });

    private JsonObject Describe(MessageDescriptor message)
    {
        var schema = Of(message, message.Fields.InDeclarationOrder());
        schema["description"] = message.CommentOf();
        return schema;
    }

    private JsonObject Reference(string name, Action<string> describe)
    {
        if (!_components.ContainsKey(name))
        {
            // The name first: a message may hold itself.
            _components[name] = new JsonObject();
            describe(name);
        }
        return new JsonObject { ["$ref"] = $"#/components/schemas/{name}" };
    }

    /// <summary>A refusal has no `data`, also where an empty list could be written.</summary>
    private static bool IsAlwaysWritten(FieldDescriptor field) =>
        !field.HasPresence && !(field.Name == "data" && field.ContainingType.FindFieldByName("success") is not null);

    private static string NameOf(IDescriptor type) =>
        type.FullName.StartsWith("charging.", StringComparison.Ordinal) ? type.FullName["charging.".Length..] : type.FullName;

    private static JsonObject? WellKnown(MessageDescriptor message) => message.FullName switch
    {
        "google.protobuf.Timestamp" => Type("string", ("format", "date-time")),
        "google.protobuf.Duration" => Type("string", ("pattern", @"^-?[0-9]+(\.[0-9]+)?s$")),
        "google.protobuf.FieldMask" => Type("string"),
        "google.protobuf.Empty" or "google.protobuf.Struct" or "google.protobuf.Any" => Type("object"),
        "google.protobuf.Value" => [],
        "google.protobuf.ListValue" => Type("array"),
        "google.protobuf.StringValue" or "google.protobuf.BytesValue" => Type("string"),
        "google.protobuf.BoolValue" => Type("boolean"),
        "google.protobuf.DoubleValue" or "google.protobuf.FloatValue" => Type("number"),
        "google.protobuf.Int32Value" or "google.protobuf.UInt32Value" or "google.protobuf.Int64Value" or "google.protobuf.UInt64Value" => Type("integer"),
        _ => null,
    };

    private static JsonObject Type(string type, params (string Name, JsonNode Value)[] more)
    {
        var schema = new JsonObject { ["type"] = type };
        foreach (var (name, value) in more)
            schema[name] = value;
        return schema;
    }
}
