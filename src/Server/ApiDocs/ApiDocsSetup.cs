using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Charging.Server.Calls;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using Microsoft.Extensions.Options;

namespace Charging.Server.ApiDocs;

/// <summary>Settings under `Charging:ApiDocs`.</summary>
public sealed record ApiDocsOptions
{
    /// <summary>Whether `/openapi/v1.json` and `/docs` are there. They tell nothing that the public sources do not.</summary>
    public bool Enabled { get; init; } = true;
}

/// <summary>Adds the description of the API: `/openapi/v1.json` for programs and `/docs` for people.</summary>
public static class ApiDocsSetup
{
    /// <summary>What a browser may do with the page: show it, with its own style sheet.</summary>
    private const string Policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Registers its settings.</summary>
    public static void AddApiDocs(this WebApplicationBuilder builder) => builder.AddSettings<ApiDocsOptions>("Charging:ApiDocs");

    /// <summary>Maps the pages. They are made when they are first asked for, and kept.</summary>
    public static void MapApiDocs(this WebApplication app)
    {
        if (!app.Services.GetRequiredService<ApiDocsOptions>().Enabled)
            return;
        var longs = app.Services.GetRequiredService<IOptions<GrpcJsonTranscodingOptions>>().Value.JsonSettings.WriteInt64sAsStrings;
        var pages = new Lazy<(byte[] Json, byte[] Html)>(() =>
        {
            var document = new OpenApiDocument(longs).Make(ApiContract.Read());
            return (Encoding.UTF8.GetBytes(document.ToJsonString(Readable)), Encoding.UTF8.GetBytes(ApiPage.Write(document)));
        });
        app.MapGet("/openapi/v1.json", context => WriteAsync(context, "application/json", pages.Value.Json));
        app.MapGet("/docs", context => WriteAsync(context, "text/html; charset=utf-8", pages.Value.Html));
        app.MapGet("/docs/style.css", context => WriteAsync(context, "text/css; charset=utf-8", Style.Value));
    }

    private static readonly Lazy<byte[]> Style = new(() => StaticPage.Read("ApiDocs.style.css"));

    private static Task WriteAsync(HttpContext context, string type, byte[] bytes)
    {
        var response = context.Response;
        response.ContentType = type;
        response.ContentLength = bytes.Length;
        StaticPage.Protect(response, Policy);
        return response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }
}
