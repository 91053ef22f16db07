using System.Text.RegularExpressions;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Charging.Server.ApiDocs;

/// <summary>A method as it is called over HTTP.</summary>
/// <param name="Method">The method, with its comments.</param>
/// <param name="Verb">The HTTP verb in lower case.</param>
/// <param name="Path">The path, with `{jsonName}` where a field of the request stands.</param>
/// <param name="PathFields">The fields in the path, by the name that stands there.</param>
/// <param name="Body">The field of the request that is the body; `*` for all that are not in the path, empty for none.</param>
/// <param name="ResponseBody">The field of the answer that is the body; empty for the whole.</param>
public sealed partial record ApiOperation(
    MethodDescriptor Method, string Verb, string Path, IReadOnlyDictionary<string, FieldDescriptor> PathFields, string Body, string ResponseBody)
{
    /// <summary>The method's full gRPC name.</summary>
    public string FullName => $"/{Method.Service.FullName}/{Method.Name}";

    /// <summary>What a rule of `google.api.http` says.</summary>
    internal static ApiOperation Of(MethodDescriptor method, HttpRule rule)
    {
        var (verb, template) = rule.PatternCase switch
        {
            HttpRule.PatternOneofCase.Get => ("get", rule.Get),
            HttpRule.PatternOneofCase.Put => ("put", rule.Put),
            HttpRule.PatternOneofCase.Post => ("post", rule.Post),
            HttpRule.PatternOneofCase.Delete => ("delete", rule.Delete),
            HttpRule.PatternOneofCase.Patch => ("patch", rule.Patch),
            _ => (rule.Custom.Kind.ToLowerInvariant(), rule.Custom.Path),
        };
        var fields = new Dictionary<string, FieldDescriptor>();
        var path = Variable().Replace(template, match =>
        {
            var field = Find(method.InputType, match.Groups["field"].Value);
            var name = string.Join('.', match.Groups["field"].Value.Split('.').Select(JsonNameOf));
            fields[name] = field;
            return $"{{{name}}}";
        });
        return new ApiOperation(method, verb, path, fields, rule.Body, rule.ResponseBody);
    }

    private static FieldDescriptor Find(MessageDescriptor message, string path)
    {
        var steps = path.Split('.');
        foreach (var step in steps[..^1])
            message = message.FindFieldByName(step).MessageType;
        return message.FindFieldByName(steps[^1]);
    }

    private static string JsonNameOf(string name) => UnderscoreAndLetter().Replace(name, match => match.Groups[1].Value.ToUpperInvariant());

    [GeneratedRegex(@"\{(?<field>[\w.]+)(=[^}]*)?\}")]
    private static partial Regex Variable();

    [GeneratedRegex("_([a-z0-9])")]
    private static partial Regex UnderscoreAndLetter();
}

/// <summary>The protos with their comments, as protoc described them at the build.</summary>
public static class ApiContract
{
    private const string Resource = "charging.protoset";

    /// <summary>All methods of ours that have an HTTP route, in the order of the protos.</summary>
    public static IReadOnlyList<ApiOperation> Read()
    {
        using var stream = typeof(Miniprogram.V1.IAnswer).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"{Resource} is not in the contract's assembly.");
        return OperationsOf(FileDescriptorSet.Parser.ParseFrom(stream));
    }

    /// <summary>The methods of a set of protos that have an HTTP route.</summary>
    internal static IReadOnlyList<ApiOperation> OperationsOf(FileDescriptorSet set)
    {
        var extensions = new ExtensionRegistry { AnnotationsExtensions.Http };
        return [.. FileDescriptor.BuildFromByteStrings(set.File.Select(file => file.ToByteString()), extensions)
            .SelectMany(file => file.Services)
            .SelectMany(service => service.Methods)
            .SelectMany(OperationsOf)];
    }

    private static IEnumerable<ApiOperation> OperationsOf(MethodDescriptor method)
    {
        if (method.GetOptions()?.GetExtension(AnnotationsExtensions.Http) is not { } rule)
            return [];
        return rule.AdditionalBindings.Prepend(rule).Select(binding => ApiOperation.Of(method, binding));
    }

    /// <summary>A comment of the protos as text; empty where there is none.</summary>
    internal static string CommentOf(this IDescriptor descriptor)
    {
        var declaration = descriptor switch
        {
            MessageDescriptor message => message.Declaration,
            FieldDescriptor field => field.Declaration,
            EnumDescriptor type => type.Declaration,
            EnumValueDescriptor value => value.Declaration,
            ServiceDescriptor service => service.Declaration,
            MethodDescriptor method => method.Declaration,
            _ => null,
        };
        return string.Join('\n', (declaration?.LeadingComments ?? "").Trim().Split('\n').Select(line => line.Trim()));
    }
}
