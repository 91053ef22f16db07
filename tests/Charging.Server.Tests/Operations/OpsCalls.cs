using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Charging.Ops.V1;
using Charging.Server.Operations;
using Charging.Testing;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;

namespace Charging.Server.Tests.Operations;

/// <summary>What an operator was answered.</summary>
/// <param name="Code">The gRPC status.</param>
/// <param name="Reason">The reason of a refusal; empty for none.</param>
/// <param name="Sentence">The sentence of a refusal; empty for none.</param>
internal sealed record OpsAnswer(StatusCode Code, string Reason, string Sentence);

/// <summary>Calls every method of the operators from its descriptor, over gRPC and over HTTP.</summary>
internal static partial class OpsCalls
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(b => b, b => b);
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithTypeRegistry(TypeRegistry.FromMessages(ErrorInfo.Descriptor)));
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default);

    /// <summary>All methods of a server for riders: one that is being moved is another, which MoveTests call.</summary>
    public static IEnumerable<MethodDescriptor> All => Access.Methods.Values.Where(method => method.Service.Name != nameof(MoveService));

    /// <summary>Calls over gRPC; of a stream, the first message.</summary>
    public static async Task<OpsAnswer> CallAsync(this CallInvoker calls, MethodDescriptor method, IMessage? request = null)
    {
        var body = request?.ToByteArray() ?? [];
        try
        {
            if (method.IsServerStreaming)
            {
                var stream = new Method<byte[], byte[]>(MethodType.ServerStreaming, method.Service.FullName, method.Name, Bytes, Bytes);
                using var call = calls.AsyncServerStreamingCall(stream, null, default, body);
                await call.ResponseStream.MoveNext(TestDeadline());
            }
            else
            {
                await calls.AsyncUnaryCall(new Method<byte[], byte[]>(MethodType.Unary, method.Service.FullName, method.Name, Bytes, Bytes), null, default, body).ResponseAsync;
            }
            return new OpsAnswer(StatusCode.OK, "", "");
        }
        catch (RpcException e)
        {
            var status = e.Trailers.GetValueBytes("grpc-status-details-bin") is { } details ? Google.Rpc.Status.Parser.ParseFrom(details) : null;
            return new OpsAnswer(e.StatusCode, ReasonOf(status), e.Status.Detail);
        }
    }

    /// <summary>Calls over HTTP; of a stream, the first bytes.</summary>
    public static async Task<(HttpStatusCode Http, OpsAnswer Answer)> OverHttpAsync(this ChargingApp app, MethodDescriptor method, string? authorization, IMessage? request = null)
    {
        using var message = ToHttp(method, request ?? method.InputType.Parser.ParseFrom(ByteString.Empty));
        if (authorization is not null)
            message.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var answer = await app.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
        if (answer.IsSuccessStatusCode)
            return (answer.StatusCode, new OpsAnswer(StatusCode.OK, "", ""));
        var status = Parser.Parse<Google.Rpc.Status>(await answer.Content.ReadAsStringAsync());
        return (answer.StatusCode, new OpsAnswer((StatusCode)status.Code, ReasonOf(status), status.Message));
    }

    /// <summary>The reason in a refusal.</summary>
    public static string ReasonOf(Google.Rpc.Status? status) => status?.Details.Select(detail => detail.Unpack<ErrorInfo>().Reason).SingleOrDefault() ?? "";

    /// <summary>The HTTP rule of a method.</summary>
    public static HttpRule Rule(MethodDescriptor method) => method.GetOptions().GetExtension(AnnotationsExtensions.Http);

    /// <summary>Verb and path of a method.</summary>
    public static (string Verb, string Path) Route(MethodDescriptor method) => Rule(method) switch
    {
        { PatternCase: HttpRule.PatternOneofCase.Get } rule => ("GET", rule.Get),
        { PatternCase: HttpRule.PatternOneofCase.Post } rule => ("POST", rule.Post),
        { PatternCase: HttpRule.PatternOneofCase.Patch } rule => ("PATCH", rule.Patch),
        { PatternCase: HttpRule.PatternOneofCase.Delete } rule => ("DELETE", rule.Delete),
        var rule => ("", rule?.ToString() ?? ""),
    };

    private static HttpRequestMessage ToHttp(MethodDescriptor method, IMessage request)
    {
        var (verb, path) = Route(method);
        request = method.InputType.Parser.ParseFrom(request.ToByteArray());
        path = Variable().Replace(path, match =>
        {
            var field = method.InputType.FindFieldByName(match.Groups["name"].Value);
            var value = field.Accessor.GetValue(request).ToString()!;
            field.Accessor.Clear(request);
            return Uri.EscapeDataString(value.Length == 0 ? "-" : value);
        });
        var hasBody = Rule(method).Body == "*";
        return new HttpRequestMessage(new HttpMethod(verb), hasBody ? path : path + Query(request))
        {
            Content = hasBody ? new StringContent(Formatter.Format(request), Encoding.UTF8, "application/json") : null,
        };
    }

    private static string Query(IMessage request)
    {
        var fields = request.Descriptor.Fields.InDeclarationOrder()
            .Where(field => field.FieldType is FieldType.String or FieldType.Int32 or FieldType.Int64)
            .Select(field => (field.JsonName, Value: field.Accessor.GetValue(request).ToString()!))
            .Where(field => field.Value is not ("" or "0"))
            .Select(field => $"{field.JsonName}={Uri.EscapeDataString(field.Value)}");
        return string.Join('&', fields) is { Length: > 0 } query ? "?" + query : "";
    }

    private static CancellationToken TestDeadline() => Xunit.TestContext.Current.CancellationToken;

    [GeneratedRegex(@"\{(?<name>\w+)\}")]
    private static partial Regex Variable();
}
