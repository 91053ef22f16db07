using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Charging.Server.Operations;

/// <summary>
/// Stands before the transcoder for everything under /ops/v1: what the transcoder refuses with an empty answer, or what it
/// never sees, is answered as `google.rpc.Status` too.
/// </summary>
internal sealed class OpsRoutes(RequestDelegate next, SignIn signIn)
{
    /// <summary>What all paths of the operators begin with.</summary>
    public const string Prefix = "/ops/v1";

    private const int MaxBodyBytes = Calls.Envelope.MaxBodyBytes;

    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithTypeRegistry(TypeRegistry.FromMessages(ErrorInfo.Descriptor)));

    /// <summary>Whether a path is one of the operators'.</summary>
    public static bool Covers(PathString path) => path.StartsWithSegments(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>Answers a request.</summary>
    public Task InvokeAsync(HttpContext context) => Covers(context.Request.Path) ? AnswerAsync(context) : next(context);

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = MaxBodyBytes;
        // What operators see is theirs alone, and changes.
        context.Response.Headers.CacheControl = "no-store";
        context.Response.OnStarting(NameTheScheme, context.Response);
        try
        {
            if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcJsonTranscodingMetadata>() is { } method)
            {
                signIn.Insist(context);
                await RequestCheck.InsistAsync(context.Request, method);
            }
            await next(context);
        }
        catch (RpcException e) when (!context.Response.HasStarted)
        {
            var refusal = Google.Rpc.Status.Parser.ParseFrom(e.Trailers.GetValueBytes(Refusal.Details));
            context.Response.StatusCode = e.StatusCode == StatusCode.Unauthenticated ? StatusCodes.Status401Unauthorized : StatusCodes.Status400BadRequest;
            await WriteAsync(context, refusal);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = e.StatusCode;
        }
        if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null })
            await RefuseAsync(context);
    }

    private static Task NameTheScheme(object state)
    {
        var response = (Microsoft.AspNetCore.Http.HttpResponse)state;
        if (response.StatusCode == StatusCodes.Status401Unauthorized)
            response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
        return Task.CompletedTask;
    }

    private static Task RefuseAsync(HttpContext context)
    {
        var (code, sentence) = context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => (StatusCode.NotFound, "There is no such path: see docs/operations.md."),
            StatusCodes.Status405MethodNotAllowed => (StatusCode.Unimplemented, "The path has no such verb: see docs/operations.md."),
            StatusCodes.Status413PayloadTooLarge => (StatusCode.InvalidArgument, $"The body is above {MaxBodyBytes} bytes."),
            StatusCodes.Status415UnsupportedMediaType => (StatusCode.InvalidArgument, "The body is no JSON: send it as application/json."),
            >= 500 => (StatusCode.Internal, "A fault of the server: its log says more."),
            _ => (StatusCode.InvalidArgument, "The request cannot be read."),
        };
        return WriteAsync(context, Refusal.ToStatus(code, sentence, Reasons.NotServed));
    }

    private static Task WriteAsync(HttpContext context, Google.Rpc.Status refusal)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(Formatter.Format(refusal), context.RequestAborted);
    }
}
