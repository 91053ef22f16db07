using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Grpc.AspNetCore.Server;

namespace Charging.Server.Calls;

/// <summary>
/// Stands before the transcoder for everything under /wechat/smallapplet/ and sees to it that whatever comes in, an answer
/// goes out that the mini-program can read: HTTP 200 with `success`, `code` and `message` (contract section 1).
/// </summary>
public sealed class Envelope(RequestDelegate next, ILogger<Envelope> logger)
{
    /// <summary>What all routes of the mini-program begin with.</summary>
    public const string Prefix = "/wechat/smallapplet";

    /// <summary>The largest request body, in bytes.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    private const string Json = "application/json";

    // Answers hold tokens, codes and balances.
    private const string NoStore = "no-store";
    private static readonly string GetCardno = RouteCodes.MethodPrefix + "CardService/GetCardno";
    private static readonly byte[] EmptyMessage = "{}"u8.ToArray();

    // Characters as the document writes them, not as \uXXXX.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers a request.</summary>
    public Task InvokeAsync(HttpContext context) =>
        context.Request.Path.StartsWithSegments(Prefix, StringComparison.OrdinalIgnoreCase) ? AnswerAsync(context) : next(context);

    private async Task AnswerAsync(HttpContext context)
    {
        var body = new EnvelopeBody(context.Response);
        context.Response.Body = body;
        try
        {
            if (await IsReadableAsync(context))
                await next(context);
            else
                Refuse(body, ResultCode.InvalidArgument);
        }
        // Every exception, because the framework's own page must not reach the mini-program. What a method throws
        // has become an answer in the interceptor already.
        catch (Exception exception)
        {
            Refuse(body, Judge(context, exception));
        }
        if (!context.RequestAborted.IsCancellationRequested)
            Finish(context, body);
    }

    /// <summary>Whether the transcoder may see the request: a route that exists, JSON, not too long, and not empty.</summary>
    private static async ValueTask<bool> IsReadableAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is not { } method)
            return false;
        var request = context.Request;
        if (request.ContentLength > MaxBodyBytes)
            return false;
        var (length, blank) = await MeasureAsync(request.BodyReader, context.RequestAborted);
        if (length > MaxBodyBytes)
            return false;
        if (blank)
            return method.Method.FullName == GetCardno && TakeForEmptyMessage(request);
        return IsJson(request);
    }

    /// <summary>Reads the body without consuming it, up to the limit.</summary>
    private static async ValueTask<(long Length, bool Blank)> MeasureAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            var (length, done) = (buffer.Length, read.IsCompleted || buffer.Length > MaxBodyBytes);
            var blank = done && IsBlank(buffer);
            reader.AdvanceTo(buffer.Start, done ? buffer.Start : buffer.End);
            if (done)
                return (length, blank);
        }
    }

    private static bool IsBlank(ReadOnlySequence<byte> body)
    {
        foreach (var segment in body)
        {
            if (segment.Span.ContainsAnyExcept(" \t\r\n"u8))
                return false;
        }
        return true;
    }

    private static bool TakeForEmptyMessage(HttpRequest request)
    {
        request.Body = new MemoryStream(EmptyMessage, writable: false);
        request.ContentType = Json;
        return true;
    }

    private static bool IsJson(HttpRequest request)
    {
        var contentType = request.ContentType;
        if (contentType is Json)
            return true;
        var mediaType = contentType.AsSpan();
        var parameters = mediaType.IndexOf(';');
        if (!(parameters < 0 ? mediaType : mediaType[..parameters]).Trim().Equals(Json, StringComparison.OrdinalIgnoreCase))
            return false;
        // JSON is UTF-8 whatever its label says, and the transcoder answers an unknown label with HTTP 500.
        request.ContentType = Json;
        return true;
    }

    private ResultCode Judge(HttpContext context, Exception exception)
    {
        // A body that breaks off, comes too slowly or is not framed as HTTP is the client's doing.
        if (exception is BadHttpRequestException)
            return ResultCode.InvalidArgument;
        var code = Faults.CodeOf(exception);
        if (ReferenceEquals(code, ResultCode.SystemError) && !context.RequestAborted.IsCancellationRequested)
            CallLog.Fault(logger, context.Request.Path, exception);
        return code;
    }

    private void Finish(HttpContext context, EnvelopeBody body)
    {
        var response = context.Response;
        if (body.Passes)
        {
            response.Headers.CacheControl = NoStore;
            response.ContentLength = body.Written;
            return;
        }
        if (body.Refusal is null)
            Refuse(body, JudgeStatus(context));
        var (code, message) = body.Refusal!.Value;
        var refusal = Write(code, message);
        response.Clear();
        response.Headers.CacheControl = NoStore;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = refusal.WrittenCount;
        body.WriteAnyway(refusal.WrittenSpan);
    }

    private ResultCode JudgeStatus(HttpContext context)
    {
        var status = context.Response.StatusCode;
        if (status < StatusCodes.Status500InternalServerError)
            return ResultCode.InvalidArgument;
        CallLog.FrameworkFault(logger, context.Request.Path, status);
        return ResultCode.SystemError;
    }

    private static void Refuse(EnvelopeBody body, ResultCode code) => body.Refuse(code.Code, code.Message);

    private static ArrayBufferWriter<byte> Write(int code, string message)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using var json = new Utf8JsonWriter(buffer, Readable);
        json.WriteStartObject();
        json.WriteBoolean("success"u8, false);
        json.WriteNumber("code"u8, code);
        json.WriteString("message"u8, message);
        json.WriteEndObject();
        return buffer;
    }
}
