using System.Collections;
using System.Text.Json;
using System.Text.RegularExpressions;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Quickenshtein;

namespace Charging.Server.Operations;

/// <summary>
/// Refuses requests of operators that hold what the protos do not know. The transcoder and gRPC ignore it, and a name that was
/// misspelled would leave a default in its place, which may move money or list everything.
/// </summary>
internal static partial class RequestCheck
{
    private const string NothingDone = "Nothing was done.";

    /// <summary>Checks a request over HTTP before the transcoder reads it.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT, with the name of what is not known.</exception>
    public static async Task InsistAsync(HttpRequest request, GrpcJsonTranscodingMetadata method)
    {
        var message = method.MethodDescriptor.InputType;
        var inPath = Variables().Matches(PathOf(method.HttpRule)).Select(variable => message.FindFieldByName(variable.Groups[1].Value)).ToHashSet();
        var takesBody = method.HttpRule.Body == "*";
        var complaint = OfQuery(request.Query, message, inPath, takesBody);
        if (takesBody)
            complaint ??= OfCharset(request) ?? await OfBodyAsync(request, message, inPath);
        else if (request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
            complaint ??= $"This has no body: put what is in it into the query. {NothingDone}";
        if (complaint is not null)
            throw Refusal.Invalid(complaint);
    }

    /// <summary>Insists that a request holds nothing but what the protos know.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT, with the name of what is not known.</exception>
    public static void Insist(IMessage request)
    {
        if (OfFields(request) is { } unknown)
            throw Refusal.Invalid(unknown);
    }

    // The transcoder throws at a name that it does not know, and does not know one in quotes.
    private static string? OfCharset(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.Charset.HasValue)
            return null;
        if (!HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return $"The body is no JSON in UTF-8. {NothingDone}";
        request.ContentType = type.MediaType.Value;
        return null;
    }

    private static string? OfQuery(IQueryCollection query, MessageDescriptor message, HashSet<FieldDescriptor> inPath, bool takesBody)
    {
        var given = inPath.ToHashSet();
        foreach (var (name, values) in query)
        {
            if (takesBody)
                return $"'{Refusal.Shown(name)}' is in the query: put it into the body. {NothingDone}";
            if (Find(message, name) is not { } field)
                return NoSuch(message, name);
            if (!given.Add(field) || (values.Count > 1 && !field.IsRepeated))
                return Twice(name);
        }
        return null;
    }

    private static async Task<string?> OfBodyAsync(HttpRequest request, MessageDescriptor message, HashSet<FieldDescriptor> inPath)
    {
        request.EnableBuffering();
        try
        {
            using var json = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
            return OfMembers(json.RootElement, message, inPath);
        }
        catch (JsonException)
        {
            return request.ContentLength == 0 ? null : $"The body is no JSON in UTF-8. {NothingDone}";
        }
        finally
        {
            request.Body.Position = 0;
        }
    }

    private static string? OfMembers(JsonElement json, MessageDescriptor message, HashSet<FieldDescriptor> given)
    {
        // What has a form of its own, such as a time, is read by the transcoder or refused by it.
        if (json.ValueKind != JsonValueKind.Object || message.File.Package == "google.protobuf")
            return null;
        foreach (var member in json.EnumerateObject())
        {
            if (Find(message, member.Name) is not { } field)
                return NoSuch(message, member.Name);
            if (!given.Add(field))
                return Twice(member.Name);
            if (member.Value.ValueKind == JsonValueKind.Null)
                return $"{member.Name} is null: give a value, or leave it out. {NothingDone}";
            if (field.FieldType != FieldType.Message)
                continue;
            var elements = member.Value.ValueKind == JsonValueKind.Array ? [.. member.Value.EnumerateArray()] : new[] { member.Value };
            if (elements.Select(element => OfMembers(element, field.MessageType, [])).FirstOrDefault(complaint => complaint is not null) is { } inside)
                return inside;
        }
        return null;
    }

    private static string? OfFields(IMessage message)
    {
        var input = new CodedInputStream(message.ToByteArray());
        while (input.ReadTag() is not 0 and var tag)
        {
            var number = WireFormat.GetTagFieldNumber(tag);
            if (message.Descriptor.FindFieldByNumber(number) is null)
                return $"This server does not know field {number} of {message.Descriptor.Name}: it is older than the caller. {NothingDone}";
            input.SkipLastField();
        }
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            foreach (var value in field.Accessor.GetValue(message) switch { IList list => list.Cast<object?>(), var one => [one] })
            {
                if (value is IMessage inner && OfFields(inner) is { } inside)
                    return inside;
                if (field.FieldType == FieldType.Enum && field.EnumType.FindValueByNumber(Convert.ToInt32(value, null)) is null)
                    return $"{field.Name} is {Convert.ToInt32(value, null)}: give one of {string.Join(", ", field.EnumType.Values.Skip(1).Select(known => known.Name))}. {NothingDone}";
            }
        }
        return null;
    }

    private static FieldDescriptor? Find(MessageDescriptor message, string name) =>
        message.Fields.InDeclarationOrder().FirstOrDefault(field => field.JsonName == name || field.Name == name);

    private static string NoSuch(MessageDescriptor message, string name)
    {
        var shown = Refusal.Shown(name);
        var nearest = message.Fields.InDeclarationOrder().MinBy(field => Levenshtein.GetDistance(field.JsonName.ToLowerInvariant(), shown.ToLowerInvariant()));
        return $"{message.Name} has no '{shown}'{(nearest is null ? "" : $": the nearest is '{nearest.JsonName}'")}. {NothingDone}";
    }

    private static string Twice(string name) => $"{Refusal.Shown(name)} is given twice: give it once. {NothingDone}";

    private static string PathOf(HttpRule rule) => rule.PatternCase switch
    {
        HttpRule.PatternOneofCase.Get => rule.Get,
        HttpRule.PatternOneofCase.Post => rule.Post,
        HttpRule.PatternOneofCase.Patch => rule.Patch,
        HttpRule.PatternOneofCase.Delete => rule.Delete,
        _ => rule.Put,
    };

    [GeneratedRegex(@"\{([a-z_0-9]+)")]
    private static partial Regex Variables();
}
