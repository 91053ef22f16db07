using System.Text.Json;
using System.Text.Json.Nodes;

namespace Charging.Server.Tests.ApiDocs;

/// <summary>As much of JSON Schema as the server's document uses. A field that is not described is a mistake too.</summary>
internal static class JsonSchema
{
    /// <summary>Insists that a value is as its schema says.</summary>
    /// <exception cref="InvalidOperationException">It is not; with the place.</exception>
    public static void Check(JsonObject document, JsonNode schema, JsonNode? value, string place)
    {
        if (schema["allOf"] is JsonArray all)
        {
            foreach (var part in all)
                Check(document, part!, value, place);
            return;
        }
        if (schema["$ref"] is { } reference)
            schema = document["components"]!["schemas"]![reference.GetValue<string>().Split('/')[^1]]!;
        if (schema["type"] is { } type && !Fits(type.GetValue<string>(), value))
            throw new InvalidOperationException($"{place} is {value?.ToJsonString() ?? "null"}, and should be a {type}.");
        if (schema["enum"] is JsonArray values && !values.Any(v => JsonNode.DeepEquals(v, value)))
            throw new InvalidOperationException($"{place} is {value}, which is none of {values.ToJsonString()}.");
        if (value is JsonArray items && schema["items"] is { } item)
        {
            for (var i = 0; i < items.Count; i++)
                Check(document, item, items[i], $"{place}[{i}]");
        }
        if (value is JsonObject o)
            CheckFields(document, schema, o, place);
    }

    private static void CheckFields(JsonObject document, JsonNode schema, JsonObject value, string place)
    {
        foreach (var name in (schema["required"] as JsonArray ?? []).Select(name => name!.GetValue<string>()))
        {
            if (!value.ContainsKey(name))
                throw new InvalidOperationException($"{place} lacks {name}.");
        }
        foreach (var (name, field) in value)
        {
            if (schema["properties"]?[name] is { } described)
                Check(document, described, field, $"{place}.{name}");
            else if (schema["type"] is not null)
                throw new InvalidOperationException($"{place}.{name} is not described.");
        }
    }

    private static bool Fits(string type, JsonNode? value) => (type, value?.GetValueKind()) switch
    {
        ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) or ("number", JsonValueKind.Number) => true,
        ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("integer", JsonValueKind.Number) => value!.GetValue<double>() % 1 == 0,
        _ => false,
    };
}
