using System.Security.Cryptography;
using Charging.Server.Calls;

namespace Charging.Server.Operations.LiveBoard;

/// <summary>
/// The live board: a page at `/` that shows operators their piles, alarms and orders. Everybody may read it, because it
/// holds nothing; what it shows it asks for under /ops/v1 with the operator key that somebody has typed in.
/// </summary>
public static class LiveBoardPage
{
    /// <summary>
    /// What a browser may do with the page: run its own scripts, and call this server. Text from the server can never
    /// become a document or a script: trusted types are required, and there is nobody who may make any.
    /// </summary>
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private const string Resources = "LiveBoard.";
    private const string Page = "index.html";

    /// <summary>Maps `/`, and what the page is made of under `/board/`.</summary>
    public static void MapLiveBoard(this WebApplication app)
    {
        var assembly = typeof(LiveBoardPage).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Resources, StringComparison.Ordinal)))
        {
            var bytes = StaticPage.Read(resource);
            var name = resource[Resources.Length..];
            var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..32]}\"";
            app.MapMethods(name == Page ? "/" : $"/board/{name}", [HttpMethods.Get, HttpMethods.Head], context => WriteAsync(context, TypeOf(name), tag, bytes));
        }
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"{name} is a part of the board, and nobody has said what {other} is."),
    };

    private static Task WriteAsync(HttpContext context, string type, string tag, byte[] bytes)
    {
        var response = context.Response;
        StaticPage.Protect(response, Policy);
        // Asked for each time, so that the files of two versions never meet in one page.
        response.Headers.CacheControl = "no-cache";
        response.Headers.ETag = tag;
        if (context.Request.Headers.IfNoneMatch.Any(known => known is not null && known.Contains(tag, StringComparison.Ordinal)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
        response.ContentType = type;
        response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }
}
